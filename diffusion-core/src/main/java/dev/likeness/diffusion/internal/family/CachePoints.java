package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.request.CachingOptions;
import java.util.Set;

/**
 * Capability: the network supports caching. Extrapolation of whole outputs needs no support.
 *
 * @param kinds supported kinds of caching inside the network
 * @param tokenMerging true if tokens can be merged for self-attention
 */
public record CachePoints(Set<CachingOptions.Kind> kinds, boolean tokenMerging) {
  /** No caching inside the network. */
  public static final CachePoints NONE = new CachePoints(Set.of(), false);
  /** Deep layers and merged tokens, as in UNets. */
  public static final CachePoints UNET = new CachePoints(
      Set.of(CachingOptions.Kind.DEEP_CACHE, CachingOptions.Kind.DEEP_FORECAST), true);
  /** First-block cache, as in double-stream transformers. */
  public static final CachePoints BLOCKS =
      new CachePoints(Set.of(CachingOptions.Kind.FIRST_BLOCK), false);
}
