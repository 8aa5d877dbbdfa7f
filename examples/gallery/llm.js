// What a language model costs and how it answers under load: tokens, dollars, time to the first token, quota.
//
//   brunt target --listen 127.0.0.1:8080
//   brunt run -e BASE_URL=http://127.0.0.1:8080 -o influxdb=http://127.0.0.1:8086/k6 examples/gallery/llm.js
//
// Against another API of the same shape: -e BASE_URL=https://... -e OPENAI_API_KEY=...; that costs money.
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

const BASE_URL = __ENV.BASE_URL || 'http://127.0.0.1:8080';
const KEY = __ENV.OPENAI_API_KEY || 'any-key';
const PAUSE_S = Number(__ENV.PAUSE || 0.5);

// Dollars for a thousand tokens. Yours are on the bill.
const PRICES = {
  'gpt-4': { prompt: 0.03, completion: 0.06 },
  'gpt-4o': { prompt: 0.0025, completion: 0.01 },
  'gpt-4o-mini': { prompt: 0.00015, completion: 0.0006 },
};
const MODELS = Object.keys(PRICES);

const QUESTIONS = [
  'Explain load testing in 50 words.',
  'What is the difference between response time and service time?',
  'A checkout takes 800 ms at 50 users and 4 s at 60. Where would you look first, and what would you measure?',
];

export const options = {
  vus: 5,
  duration: '30s',
  thresholds: {
    checks: ['rate>0.99'],
    llm_errors: ['rate<0.05'],
    llm_rate_limited: ['rate<0.10'],
    llm_request_cost_usd: ['avg<0.01', 'max<0.05'],
    'llm_response_time_ms{model:gpt-4o-mini}': ['p(95)<1500'],
  },
};

const calls = new Counter('llm_total_calls');
const cost = new Counter('llm_cost_usd');
const requestCost = new Trend('llm_request_cost_usd');
const tokens = new Trend('llm_token_count');
const tokensUsed = new Counter('llm_tokens');
const promptTokens = new Trend('llm_prompt_tokens');
const completionTokens = new Trend('llm_completion_tokens');
const responseTime = new Trend('llm_response_time_ms');
const firstToken = new Trend('llm_first_token_ms');
const tokensPerSecond = new Trend('llm_tokens_per_second');
const rateLimited = new Rate('llm_rate_limited');
const errors = new Rate('llm_errors');
const quota = new Gauge('llm_quota_utilization');

// The usage of an answer: a member of it, or of the last event but one of a streamed one.
function usageOf(res, isStreamed) {
  if (!isStreamed) {
    return res.json('usage');
  }
  const line = res.body.split('\n').find((one) => one.startsWith('data: {') && one.includes('"usage":{'));
  return line ? JSON.parse(line.slice('data: '.length)).usage : undefined;
}

function measure(res, usage, model, isStreamed) {
  const price = PRICES[model];
  const dollars = (usage.prompt_tokens / 1000) * price.prompt + (usage.completion_tokens / 1000) * price.completion;
  const tags = { model };

  calls.add(1, tags);
  cost.add(dollars, tags);
  requestCost.add(dollars, tags);
  tokensUsed.add(usage.prompt_tokens, { ...tags, kind: 'prompt' });
  tokensUsed.add(usage.completion_tokens, { ...tags, kind: 'completion' });
  tokens.add(usage.total_tokens, tags);
  promptTokens.add(usage.prompt_tokens, tags);
  completionTokens.add(usage.completion_tokens, tags);
  responseTime.add(res.timings.duration, tags);
  tokensPerSecond.add((usage.completion_tokens / res.timings.duration) * 1000, tags);
  if (isStreamed) {
    firstToken.add(res.timings.waiting, tags);
  }
}

function measureQuota(res) {
  const limit = Number(res.headers['X-Ratelimit-Limit-Tokens']);
  const left = Number(res.headers['X-Ratelimit-Remaining-Tokens']);

  if (limit > 0) {
    quota.add(1 - left / limit);
  }
}

export default function () {
  const nth = __VU + __ITER;
  const model = MODELS[nth % MODELS.length];
  const isStreamed = __ITER % 3 === 2;
  const question = {
    model,
    messages: [
      { role: 'system', content: 'You are a helpful assistant.' },
      { role: 'user', content: QUESTIONS[nth % QUESTIONS.length] },
    ],
    max_tokens: 100,
    ...(isStreamed ? { stream: true, stream_options: { include_usage: true } } : {}),
  };
  const res = http.post(`${BASE_URL}/v1/chat/completions`, JSON.stringify(question), {
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${KEY}` },
    tags: { model },
  });

  measureQuota(res);
  rateLimited.add(res.status === 429);
  errors.add(res.status !== 200 && res.status !== 429);
  if (res.status === 429) {
    sleep(Number(res.headers['Retry-After']) || 1);
    return;
  }
  if (res.status === 200) {
    const usage = usageOf(res, isStreamed);

    if (check(usage, { 'the answer says what it used': (u) => u !== undefined && u.total_tokens > 0 })) {
      measure(res, usage, model, isStreamed);
    }
  }
  sleep(PAUSE_S);
}
