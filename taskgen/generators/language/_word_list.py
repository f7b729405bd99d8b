"""Common English words, written down for this project."""

WORDS = tuple(
    """
    able above acorn act add after again age air all almost alone amber among anchor angle animal ant apple april apron
    arch arm arrow art ash ask atlas attic aunt autumn away axe baby back badge bag baker ball bamboo banana bank bark
    barn basin basket bath beach bean bear bed bee bell belt bench berry big bike bird biscuit black blanket blue boat
    body bone book boot bottle bowl box boy branch brave bread brick bridge bright broom brother brown brush bucket
    build bulb burn bus butter button cabin cactus cake calm camel camera camp candle cap car card carpet carrot cart
    castle cat chair chalk cherry chest chicken circle city clay clean clever cliff clock cloth cloud coach coast coat
    coffee coin cold colour comb cook copper coral corn cotton cow crab cream crown cup curtain cycle daisy dance dark
    dawn day deep deer desert desk diamond dinner dish distant doctor dog dolphin door dragon dream dress drum dry duck
    dust eagle ear early earth east easy echo edge egg eight elbow empty engine evening exit eye fabric face falcon
    family far farm fast father feather fence ferry field fig finger fire fish five flag flame flint floor flour flower
    flute foam fog forest fork fossil fox free fresh friend frog fruit full funny game garden gate gentle ghost giant
    gift ginger glass globe glove goat gold good grain grape grass gravel green grey guest guitar hall hammer hand happy
    harbour hat hawk hazel head heart heavy hedge helmet hen hero hill honey hook hope horn horse hotel hour house husky
    ice idea igloo inch indigo ink insect iron island ivory ivy jacket jam jar jewel join journey jug juice july jump
    june jungle kettle key kind king kitchen kite kitten knee knot ladder lady lake lamb lamp land large lark late laugh
    law leaf leather lemon letter library light lily linen lion list lizard lobster local lock log long loud lunch magic
    mango maple marble market mask meadow medal melon metal milk mill mint mirror mist model moon morning moss mother
    mountain mouse music nail narrow nest net night nine noble noon north nose note number nut oak oasis oat ocean old
    olive onion open opera orange orbit orchard otter oval oven owl oyster paint palace palm panda paper park parrot
    path peach pear pearl pebble pencil pepper piano picnic pilot pine pink pipe planet plant plate plum pocket poem
    point pond pony potato powder prince puzzle quarter queen quick quiet quill quilt rabbit radio rain raven red reef
    ribbon rice ring river road robin rock roof room rope rose round ruby rug run saddle sail salt sand school sea seed
    seven shadow sheep shell ship shirt shoe shore silk silver sister six sky sleep slow small smile smoke snail snow
    soap soft song soup south spoon spring squirrel stable star station stone storm story street sugar summer sun swan
    sweet table tailor tall tea ten tent thin three thumb tiger timber tin toast tomato tool tower town toy track train
    tree trumpet tulip tunnel turtle two uncle under union upper urban valley vase velvet village violet violin visit
    voice wagon walk wall walnut warm wasp watch water wave west whale wheat wheel white wide wild willow wind window
    wing winter wolf wood wool word world yard year yellow yew yogurt young zebra zero zigzag zinc
    """.split()
)  # fmt: skip
