// Puts the card of this page to WeChat, where it is WeChat that shows the page.
(() => {
  if (!/MicroMessenger/i.test(navigator.userAgent)) return;
  const says = (name) => document.querySelector(`meta[itemprop="${name}"]`)?.content ?? '';
  const begin = async () => {
    const address = location.href.split('#')[0];
    const answer = await fetch(`/wechat/config?url=${encodeURIComponent(address)}`);
    // Without it WeChat takes the card from the page itself.
    if (!answer.ok) return;
    const jsApiList = ['updateAppMessageShareData', 'updateTimelineShareData'];
    wx.config({ ...(await answer.json()), jsApiList });
    wx.ready(() => {
      const card = { title: says('name'), desc: says('description'), imgUrl: new URL(says('image'), location.href).href };
      // Whoever gets it begins at the front, not on a page of the sender's own, and reads
      // their own language.
      const link = /^\/(me|signed|recovery|reports\/|offline)/.test(location.pathname) ? `${location.origin}/`
        : address.replace(/([?&])lang=[^&]*&?/, '$1').replace(/[?&]$/, '');
      wx.updateAppMessageShareData({ ...card, link });
      wx.updateTimelineShareData({ title: `${card.desc}`, imgUrl: card.imgUrl, link });
    });
  };
  const script = document.createElement('script');
  script.src = 'https://res.wx.qq.com/open/js/jweixin-1.6.0.js';
  script.onload = () => begin().catch(() => {});
  document.head.append(script);
})();
