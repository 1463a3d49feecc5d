"""Danger is a meaning, not a word list: in other words it counts; denied, settled, others' or in a name it does not."""

from __future__ import annotations

import pytest

from ivr.tickets.judgement.urgency import danger, urgency
from ivr.tickets.judgement.words import UrgencyRules
from ivr.tickets.taxonomy import Taxonomy
from ivr.tickets.ticket import Emotion

DANGEROUS = [
    # electricity
    ("appliance", "洗衣机漏电啊，刚才电了我一下"),
    ("appliance", "我一碰那个热水器外壳就麻手"),
    ("appliance", "洗澡的时候水龙头带电，吓我一跳"),
    ("appliance", "嗯就是那个冰箱门吧，一摸上去手就发麻"),
    ("appliance", "俺娘让它电着了，手现在还抖"),
    ("appliance", "插上插座滋啦打火花"),
    ("appliance", "排插那块儿直冒火星子"),
    ("appliance", "手麻了一下，不晓得是不是漏电"),
    ("appliance", "我刚拔插头，好家伙，被电了一下"),
    # fire and smoke
    ("appliance", "空调外机着火了你们快来人"),
    ("appliance", "抽油烟机后头冒烟了"),
    ("appliance", "电饭锅底下一股烧塑料的味儿"),
    ("appliance", "机器里头有股焦糊味，我不敢再开"),
    ("appliance", "冒了好多白烟，屋里都看不清"),
    ("appliance", "插头都烧黑了"),
    ("appliance", "线烧了，电线那块都化了"),
    ("appliance", "烤箱玻璃门炸了，渣子飞一地"),
    ("appliance", "高压锅盖崩飞了"),
    ("ecommerce", "充电宝充着充着鼓包了还烫手，电池发烫"),
    ("ecommerce", "买的小太阳用了两天自己烧起来了"),
    ("ecommerce", "热水袋爆开把孩子腿烫伤了"),
    ("ecommerce", "椅子腿断了，我摔下来流了好多血"),
    ("ecommerce", "吃了你们的零食食物中毒，人在医院抢救"),
    ("luxury", "戴了那个手镯把手划伤了，缝了三针"),
    ("appliance", "燃气灶那里一股煤气味"),
    ("appliance", "热水器好像在漏煤气，闻着头晕"),
    ("appliance", "孩子给锁在滚筒里头了"),
    ("courier", "你们那个送快递的动手打我，把我推倒了"),
    ("courier", "他威胁我说要找人上门弄我"),
    # cars
    ("auto", "刹车踩下去软绵绵的，刹不住"),
    ("auto", "踩刹车没反应差点撞前头那车"),
    ("auto", "方向盘突然打不动了"),
    ("auto", "高速上开着开着熄火了"),
    ("auto", "追尾了气囊没弹出来"),
    ("auto", "松了油门它还自己往前窜"),
    ("auto", "跑着跑着前轮掉了"),
    ("auto", "安全带扣不住，一拽就开"),
    ("auto", "车子自燃了就剩个壳"),
    # money
    ("bank", "我卡里的钱被人转走了"),
    ("bank", "刚收到短信在国外刷了八千，不是我刷的"),
    ("bank", "我被骗了，刚给那个假客服转了两万"),
    ("bank", "我把验证码告诉他了，怎么办"),
    ("bank", "有人冒用我的卡在消费，一笔一笔往外扣"),
    ("bank", "账上十几万不翼而飞"),
    ("bank", "那笔不是我消费的，卡一直在我手里"),
    ("telecom", "接了个电话说是你们客服，结果被诈骗了三千块"),
    # regulators, courts, police, media
    ("telecom", "你们不解决我就打12315"),
    ("telecom", "那我只好找工信部了"),
    ("telecom", "再这么乱扣我上通管局告你们"),
    ("bank", "我要向银保监会投诉"),
    ("bank", "我已经给金融监管局写信反映了"),
    ("courier", "我去邮政管理局申诉"),
    ("ecommerce", "三天之内不退款咱们法庭见"),
    ("ecommerce", "我要起诉你们"),
    ("ecommerce", "我这就让律师给你们发律师函"),
    ("ecommerce", "别逼我报警"),
    ("ecommerce", "不给我退我就发抖音曝光你们"),
    ("auto", "我找记者来曝光"),
    ("auto", "信不信我上消协告你"),
    ("auto", "要不我就去市场监督管理局举报"),
    ("luxury", "走法律程序吧，我不跟你们谈了"),
    ("courier", "再不给说法我打市长热线"),
    ("telecom", "一二三一五见"),
    ("appliance", "不打12315你们是不解决是吧，那不打不行"),
    ("appliance", "冰箱后面噼里啪啦冒电火花"),
    ("appliance", "一开机就跳闸，闻着有股烧东西的味"),
    ("appliance", "我爸洗澡给电晕了"),
    ("appliance", "烘干机里头烧起来了"),
    ("appliance", "电热水壶底座都烧穿了"),
    ("appliance", "暖风机把窗帘给点着了"),
    ("auto", "踩刹车跟踩棉花似的，车停不住"),
    ("auto", "跑高速呢方向盘不听使唤了"),
    ("auto", "车子自己加速，我吓死了"),
    ("bank", "我的信用卡在国外被人消费了一万多"),
    ("bank", "钱没了，卡里三万块钱不翼而飞"),
    ("bank", "对方冒充公安让我转账，我转过去了"),
    ("telecom", "再不给我退我上工信部投诉"),
    ("ecommerce", "我已经找好律师了"),
    ("ecommerce", "等着上热搜吧你们"),
    ("courier", "我这就去派出所报案"),
    ("luxury", "信不信我找315"),
    ("auto", "那就法院见"),
    ("bank", "我到人民银行投诉你们"),
    ("appliance", "燃气热水器有煤气味，头疼"),
    ("ecommerce", "孩子玩你们那玩具手被夹出血了"),
    ("appliance", "插座那里噼啪响，摸着烫手，外壳都化了"),
    ("bank", "有人拿我的卡在外地取钱"),
    ("telecom", "我要去消协告你们"),
    ("auto", "气囊无缘无故弹出来了"),
    ("appliance", "它把我手给麻了一下"),
    ("ecommerce", "你们等着接法院传票"),
    ("courier", "送货的拿棍子要打我"),
    ("appliance", "灶台漏气"),
    ("auto", "开着开着刹车没了"),
]

HARMLESS = [
    # denied
    ("appliance", "没冒烟，就是不转了"),
    ("appliance", "没有着火，也没漏电，就是跳闸"),
    ("appliance", "倒是没闻到焦味"),
    ("appliance", "不是漏电，是漏水"),
    ("auto", "刹车没有失灵，就是有点响"),
    ("bank", "没有被盗刷，我就是想问问年费"),
    ("ecommerce", "我也不想闹到12315，你们给我退了就行"),
    ("ecommerce", "我没打算起诉你们"),
    ("ecommerce", "还没到报警那一步"),
    # settled
    ("appliance", "上次冒烟的事你们已经修好了，这回是漏水"),
    ("appliance", "去年漏电过一次，后来换了新的"),
    ("auto", "车被偷了，已经报警了，我想问保险怎么办"),
    ("ecommerce", "我昨天报过警了，警察已经登记了，想补个发票"),
    # others
    ("appliance", "我听说别人家的热水器漏电，我家这个安全吗"),
    ("appliance", "网上看到有台空调起火，我想问问我这个型号召回吗"),
    ("auto", "邻居的车刹车失灵，我这车就是想做个检查"),
    # parts of names, who somebody is
    ("appliance", "抽油烟机吸力变小了"),
    ("appliance", "空气炸锅不加热了"),
    ("appliance", "我想买个烟感报警器"),
    ("appliance", "热水器打不着火"),
    ("appliance", "燃气灶打火打不着"),
    ("appliance", "洗衣机老是报警，显示E3"),
    ("appliance", "装的那个漏电保护开关在哪儿买"),
    ("appliance", "冰箱一直滴滴报警"),
    ("luxury", "我是律师，问个事，你们专柜几点开门"),
    ("luxury", "我是记者，想买个相机包"),
    ("ecommerce", "相机拍出来曝光过度"),
    ("auto", "胎压报警灯亮了"),
    ("auto", "刹车片该换了，多少钱"),
    ("courier", "地址是法院旁边那个小区"),
    ("courier", "收件人写派出所宿舍三号楼"),
    ("telecom", "我跟你们说过好几遍了，麻烦你告诉我怎么办"),
    # not what it sounds like
    ("appliance", "这个热水器会不会漏电啊，我想先问清楚再买"),
    ("ecommerce", "气死我了，肺都要炸了"),
    ("ecommerce", "等得我嗓子都冒烟了"),
    ("ecommerce", "我真的很上火"),
    ("bank", "没刷够次数收了我三百年费"),
    ("bank", "我没取过现，收了我手续费"),
    ("telecom", "手机上不了网了，麻烦看看"),
    ("telecom", "我要投诉你们乱扣费"),
    ("courier", "快递员态度太差，骂骂咧咧的"),
    ("courier", "箱子摔烂了，里面碗碎了两个"),
    ("auto", "车子异响，开着不舒服"),
    ("bank", "银行卡转账转不出去"),
    ("appliance", "孩子发烧了你们能不能快点来修空调"),
    ("ecommerce", "手机被打爆了，都是推销电话"),
    ("appliance", "油烟机声音大"),
    ("appliance", "洗衣机脱水的时候跳"),
    ("telecom", "家里网断了，急死了"),
    ("bank", "手机银行登不上"),
    ("courier", "快递在路上一周没动"),
    ("ecommerce", "衣服洗了掉色"),
    ("luxury", "包的拉链坏了"),
    ("auto", "空调不凉，发动机声音大"),
    ("auto", "刹车片有点磨损，什么时候换"),
    ("bank", "短信提醒费怎么取消"),
    ("telecom", "转人工转人工"),
    ("ecommerce", "退款都一个礼拜了"),
    ("appliance", "师傅把我家墙刮花了"),
    ("courier", "快递员不送上楼"),
    ("appliance", "电视没声音"),
    ("appliance", "冰箱灯一直亮着"),
    ("telecom", "我打你们电话打了十几次"),
    ("bank", "ATM取钱吞卡了"),
    ("bank", "我没收到账单"),
    ("appliance", "热水器水温忽冷忽热"),
    ("auto", "年检怎么办理"),
    ("ecommerce", "我告诉你们啊，这个我不要了"),
    ("ecommerce", "说好送的火锅底料没送"),
    ("courier", "报纸丢了"),
    ("telecom", "我上网很慢"),
    ("luxury", "我买的火机打不着"),
    ("auto", "保险杠撞了个坑想做喷漆"),
    ("bank", "我转错账了怎么办"),
    ("appliance", "空调外机太吵邻居投诉我了"),
    ("telecom", "不要再给我打推销电话了"),
]


@pytest.mark.parametrize(("hotline", "text"), DANGEROUS)
def test_danger_in_any_words_is_p1(rules: UrgencyRules, hotline: str, text: str) -> None:
    assert danger(text, rules, hotline=hotline)
    assert urgency(text, rules, hotline=hotline)[0] == "P1"


@pytest.mark.parametrize(("hotline", "text"), HARMLESS)
def test_what_only_sounds_dangerous_is_not_p1(rules: UrgencyRules, hotline: str, text: str) -> None:
    assert danger(text, rules, hotline=hotline) is None


@pytest.mark.parametrize("filler", ["喂，你好，", "那个，呃，", "我跟你说啊", "就是说吧，", "哎呀，"])
@pytest.mark.parametrize("danger_said", ["冒烟了", "漏电", "刹车失灵了", "被人盗刷了", "我要打12315投诉"])
def test_fillers_before_a_danger_change_nothing(rules: UrgencyRules, filler: str, danger_said: str) -> None:
    assert urgency(filler + danger_said, rules)[0] == "P1"


def test_one_dangerous_utterance_of_a_call_is_enough(rules: UrgencyRules) -> None:
    assert urgency("你好\n就是不太好用\n里面还冒烟\n对", rules)[0] == "P1"


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"category": "card_fraud"}, "P1"),
        ({"prior_age_days": 30}, "P2"),
        ({"prior_age_days": 31}, "P3"),
        ({"emotion": Emotion("angry", 0.9)}, "P2"),
        ({"emotion": Emotion("annoyed", 0.6)}, "P3"),
        ({"vip": True, "category": "product_fault"}, "P2"),
        ({"vip": True, "category": "service_attitude"}, "P3"),
        ({"category": "consultation"}, "P4"),
        ({"category": "consultation", "emotion": Emotion("angry", 0.9)}, "P2"),
        ({}, "P3"),
    ],
)
def test_the_first_rule_that_holds_decides(rules: UrgencyRules, known: dict[str, object], expected: str) -> None:
    assert urgency("空调不制冷了", rules, **known)[0] == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "不制冷了",
        "断网一整天了",
        "登不进去",
        "开不了机",
        "按了没反应",
        "打不着火",
        "车子趴窝了",
        "彻底坏了",
        "一点信号都没有",
    ],
)
def test_a_vip_without_the_main_function_is_p2(rules: UrgencyRules, text: str) -> None:
    assert urgency(text, rules, vip=True, category="product_fault")[0] == "P2"


@pytest.mark.parametrize(
    "text", ["外壳有道划痕", "声音有点大", "灯罩颜色不对", "还能用，就是响", "多收了我二十块", "客服态度不好"]
)
def test_a_vip_with_a_lesser_matter_is_p3(rules: UrgencyRules, text: str) -> None:
    assert urgency(text, rules, vip=True, category="product_fault")[0] == "P3"


@pytest.mark.parametrize("text", ["我想问一下你们周末上班吗", "请问补卡要带什么材料", "打听个事儿，洗衣机怎么清洗"])
def test_a_bare_question_is_p4_before_its_category_is_known(rules: UrgencyRules, text: str) -> None:
    assert urgency(text, rules)[0] == "P4"


def test_a_hotlines_own_dangers_count_only_there(taxonomy: Taxonomy) -> None:
    rules = taxonomy.judgement.urgency
    said = "我卡里的钱一笔一笔地往外转"
    assert danger(said, rules, hotline="bank")
    assert danger(said, rules, hotline="appliance") is None


@pytest.mark.parametrize(
    ("hotline", "text"),
    [
        ("auto", "前天在你们店里修车，把我车门划了一道，找他们还不认"),
        ("auto", "我车追尾了等一个前杠，等到现在也没货"),
        ("bank", "头年为这个打过12315，那事儿早解决了"),
        ("bank", "楼下老张卡被盗刷了，后来钱追回来了，我打电话是问短信费"),
    ],
)
def test_things_that_break_and_old_stories_are_no_danger(rules: UrgencyRules, hotline: str, text: str) -> None:
    assert urgency(text, rules, hotline=hotline)[0] != "P1"


@pytest.mark.parametrize(("text", "label"), [("等一个电机，车完全开不了", "P2"), ("尾灯坏了，等件等了一个月", "P3")])
def test_a_vip_who_waits_for_a_part(rules: UrgencyRules, text: str, label: str) -> None:
    assert urgency(text, rules, vip=True, category="parts_delay")[0] == label
