package dev.likeness.diffusion.internal.nn.unet;

import dev.likeness.diffusion.internal.tensor.CachedTensor;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * The context of cross-attentions, usually the text. If it is the same in every step, each
 * attention's keys and values can be cached. The cache is for one generation on one thread, and
 * ends with the scope in which {@link #withCache} was called.
 */
public final class AttentionContext {
  private final Tensor tokens;
  private final CachedTensor cacheScope;
  private final Map<Attention, CachedKeyValues> cached = new HashMap<>();

  private record CachedKeyValues(CachedTensor keys, CachedTensor values) {}

  private AttentionContext(Tensor tokens, CachedTensor cacheScope) {
    this.tokens = tokens;
    this.cacheScope = cacheScope;
  }

  /** Returns a context of tokens [batch, tokens, width] without a cache. */
  public static AttentionContext of(Tensor tokens) {
    return new AttentionContext(tokens, null);
  }

  /** Returns the context with cached keys and values; not for training. */
  public AttentionContext withCache() {
    return new AttentionContext(tokens, new CachedTensor());
  }

  /**
   * Returns the context for the tokens of a segment: this context if they are its own tokens, else
   * one without a cache.
   */
  public AttentionContext forTokens(Tensor here) {
    return here == tokens ? this : of(here);
  }

  public Tensor tokens() {
    return tokens;
  }

  Tensor keys(Attention by) {
    return cacheScope == null ? by.keys(tokens) : cached(by).keys().tensor();
  }

  Tensor values(Attention by) {
    return cacheScope == null ? by.values(tokens) : cached(by).values().tensor();
  }

  private CachedKeyValues cached(Attention by) {
    return cached.computeIfAbsent(by, attention -> {
      CachedKeyValues made =
          new CachedKeyValues(cacheScope.inSameScope(), cacheScope.inSameScope());
      made.keys().replace(attention.keys(tokens));
      made.values().replace(attention.values(tokens));
      return made;
    });
  }
}
