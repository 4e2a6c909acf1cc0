package dev.likeness.diffusion.internal.nn.unet;

import dev.likeness.diffusion.internal.tensor.CachedTensor;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * What attentions read beside the image, a text most often. A run that tells a network the same at
 * every step keeps each attention's keys and values of it: one run's, on one thread, until the
 * scope ends in which {@link #withCache} was called.
 */
public final class AttentionContext {
  private final Tensor tokens;
  private final CachedTensor cacheScope;
  private final Map<Attention, CachedKeyValues> cached = new HashMap<>();

  private record CachedKeyValues(CachedTensor keys, CachedTensor values) {}

  private AttentionContext(Tensor tokens, CachedTensor run) {
    this.tokens = tokens;
    this.cacheScope = run;
  }

  /** Tokens [batch, tokens, width], of which nothing is kept. */
  public static AttentionContext of(Tensor tokens) {
    return new AttentionContext(tokens, null);
  }

  /** The same with keys and values kept; not for learning. */
  public AttentionContext withCache() {
    return new AttentionContext(tokens, new CachedTensor());
  }

  /**
   * The same of tokens that a stretch of a network was given: this where they are its own, else
   * nothing is kept of them.
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
