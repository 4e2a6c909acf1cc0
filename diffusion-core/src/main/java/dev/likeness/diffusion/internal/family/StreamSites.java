package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.regex.Pattern;

/**
 * Attention sites of transformers with double-stream blocks, under diffusers' names.
 *
 * @param signatures tensors that identify the family's transformer
 * @param usesTextWidth true if image tokens have the width of the text input, instead of that of
 *     the attentions
 * @param baseDescriptions the name of such bases in messages, by the width of image tokens
 */
public record StreamSites(
    Set<String> signatures, boolean usesTextWidth, LongFunction<String> baseDescriptions)
    implements AttentionSites {
  private static final String TEXT = "context_embedder.weight";
  private static final String KEYS = ".to_k.weight";
  private static final Pattern ATTENTION =
      Pattern.compile("((?:single_)?transformer_blocks\\.\\d+\\.attn2?)\\.to_k\\.weight");

  @Override
  public ModelComponent component() {
    return ModelComponent.TRANSFORMER;
  }

  @Override
  public Optional<Found> find(Set<String> names, Function<String, long[]> shape) {
    if (!names.contains(TEXT) || !names.containsAll(signatures)) {
      return Optional.empty();
    }
    List<String> paths = AttentionPath.sorted(names, ATTENTION);
    List<Long> widths = paths.stream().map(path -> shape.apply(path + KEYS)[0]).toList();
    String norm = paths.get(0) + ".norm_q.weight";
    return Optional.of(new Found(
        paths,
        widths,
        usesTextWidth ? shape.apply(TEXT)[1] : widths.get(0),
        names.contains(norm) ? shape.apply(norm)[0] : 0));
  }

  @Override
  public String baseDescription(long contextWidth) {
    return baseDescriptions.apply(contextWidth);
  }
}
