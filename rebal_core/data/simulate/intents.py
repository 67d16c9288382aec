"""The wordings of forty intents: two in English, two in Chinese each."""

from __future__ import annotations

#: Intent to (English wordings, Chinese wordings); the first three are the hot ones.
INTENTS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "track order": (
        ("where is my parcel", "when will my order arrive"),
        ("我的快递到哪了", "订单什么时候送到"),
    ),
    "refund status": (
        ("when do I get my money back", "has my refund been paid"),
        ("退款什么时候到账", "我的退款处理了吗"),
    ),
    "return item": (
        ("how do I send this back", "I want to return the item"),
        ("怎么退货", "我想把东西退回去"),
    ),
    "cancel order": (
        ("please cancel my order", "can I stop the order before it ships"),
        ("帮我取消订单", "还没发货可以取消吗"),
    ),
    "change address": (
        ("I typed the wrong address", "can you change the delivery address"),
        ("收货地址填错了", "能改一下地址吗"),
    ),
    "exchange size": (
        ("can I swap it for a larger size", "the size does not fit, exchange please"),
        ("尺码不合适想换一个", "可以换大一号吗"),
    ),
    "damaged item": (
        ("the box arrived broken", "my product is damaged"),
        ("收到的东西是坏的", "包装破损了"),
    ),
    "wrong item": (
        ("you sent me the wrong product", "this is not what I ordered"),
        ("发错货了", "收到的不是我买的那个"),
    ),
    "missing part": (
        ("a part is missing from the box", "the accessories were not included"),
        ("少了一个配件", "盒子里没有说明书里的零件"),
    ),
    "invoice": (
        ("I need an invoice", "send me the tax receipt"),
        ("我要开发票", "电子发票怎么下载"),
    ),
    "payment failed": (
        ("my card was declined", "the payment did not go through"),
        ("付款失败了", "银行卡支付不了"),
    ),
    "double charge": (
        ("I was charged twice", "there are two payments for one order"),
        ("扣了我两次钱", "重复扣款怎么办"),
    ),
    "coupon": (
        ("my discount code does not work", "how can I use a voucher"),
        ("优惠券用不了", "折扣码在哪里输入"),
    ),
    "price match": (
        ("it is cheaper elsewhere, match the price", "the price dropped after I bought it"),
        ("别家更便宜能不能保价", "刚买就降价了"),
    ),
    "stock": (
        ("when is it back in stock", "is this model available"),
        ("什么时候补货", "这款还有货吗"),
    ),
    "delivery fee": (
        ("how much is shipping", "why do I pay for delivery"),
        ("运费多少钱", "为什么要收邮费"),
    ),
    "express delivery": (
        ("can I get next day delivery", "I need it urgently, ship it faster"),
        ("可以加急配送吗", "能次日达吗"),
    ),
    "shipping abroad": (
        ("do you ship to other countries", "is international delivery possible"),
        ("可以寄到国外吗", "支持海外配送吗"),
    ),
    "customs": (
        ("do I have to pay import duty", "the parcel is stuck at customs"),
        ("要交关税吗", "包裹被海关扣了"),
    ),
    "pick up": (
        ("can I collect it in a shop", "where is the pickup point"),
        ("可以到店自取吗", "自提点在哪里"),
    ),
    "lost parcel": (
        ("the courier says delivered but I have nothing", "my parcel got lost"),
        ("显示签收但我没收到", "快递弄丢了"),
    ),
    "log in": (
        ("I cannot log in", "the sign in page shows an error"),
        ("登录不了", "登录页面报错"),
    ),
    "reset password": (
        ("I forgot my password", "how to reset the password"),
        ("忘记密码了", "怎么重置密码"),
    ),
    "verification code": (
        ("the code by text message never comes", "I get no verification code"),
        ("收不到验证码", "短信验证码一直不来"),
    ),
    "change phone number": (
        ("I have a new phone number", "update the mobile number on my account"),
        ("我换手机号了", "怎么改绑定的手机"),
    ),
    "delete account": (
        ("please delete my account", "erase my personal data"),
        ("我要注销账号", "删除我的个人信息"),
    ),
    "membership": (
        ("what does membership include", "how do I become a member"),
        ("会员有什么权益", "怎么开通会员"),
    ),
    "points": (
        ("my points are gone", "how can I spend loyalty points"),
        ("积分怎么不见了", "积分可以换什么"),
    ),
    "gift card": (
        ("how do I redeem a gift card", "the gift card balance is wrong"),
        ("礼品卡怎么用", "礼品卡余额不对"),
    ),
    "warranty": (
        ("how long is the guarantee", "is this covered by warranty"),
        ("保修期多久", "这个在保修范围内吗"),
    ),
    "repair": (
        ("it stopped working, can you repair it", "where can I have it fixed"),
        ("用了几天坏了能修吗", "哪里可以维修"),
    ),
    "installation": (
        ("how do I assemble it", "do you offer installation"),
        ("怎么安装", "有人上门装吗"),
    ),
    "instructions": (
        ("how do I turn it on", "I cannot find the manual"),
        ("怎么开机", "说明书在哪里看"),
    ),
    "compatibility": (
        ("does it work with my laptop", "is it compatible with the older model"),
        ("和我的电脑兼容吗", "旧型号能用吗"),
    ),
    "materials": (
        ("what is it made of", "is the fabric pure cotton"),
        ("是什么材质的", "面料是纯棉吗"),
    ),
    "allergy": (
        ("does it contain nuts", "I had a skin reaction to the cream"),
        ("含有坚果成分吗", "用了以后皮肤过敏"),
    ),
    "authenticity": (
        ("is this the genuine brand", "I think I got a fake"),
        ("是正品吗", "怀疑买到假货"),
    ),
    "complaint": (
        ("your staff was rude, I want to complain", "I am very unhappy with the service"),
        ("我要投诉客服", "服务态度太差"),
    ),
    "bulk order": (
        ("I want to buy 200 pieces for my company", "is there a wholesale price"),
        ("公司要批量采购", "有批发价吗"),
    ),
    "account hacked": (
        ("somebody else ordered from my account", "my account was hacked"),
        ("账号被盗了", "有人用我的账号下单"),
    ),
}
