package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.AttentionPath;
import dev.likeness.diffusion.internal.family.AttentionSites;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The cross-attentions of a UNet, by its transformer blocks. */
final class UNetSites implements AttentionSites {
  private static final String KEYS = ".attn2.to_k.weight";
  private static final Pattern ATTENTION =
      Pattern.compile("(.+\\.attentions\\..+)\\.attn2\\.to_k\\.weight");

  @Override
  public ModelComponent part() {
    return ModelComponent.UNET;
  }

  @Override
  public Optional<Found> find(Set<String> names, Function<String, long[]> shape) {
    List<String> paths = names.stream()
        .map(ATTENTION::matcher)
        .filter(Matcher::matches)
        .map(m -> m.group(1))
        .map(AttentionPath::of)
        .sorted()
        .map(AttentionPath::path)
        .toList();
    return paths.isEmpty()
        ? Optional.empty()
        : Optional.of(new Found(
            paths,
            paths.stream().map(path -> shape.apply(path + KEYS)[0]).toList(),
            shape.apply(paths.get(0) + KEYS)[1],
            0));
  }

  @Override
  public String title(long contextWidth) {
    return switch ((int) contextWidth) {
      case 768 -> "Stable Diffusion 1.x (context 768)";
      case 1024 -> "Stable Diffusion 2.x (context 1024)";
      case 2048 -> "SDXL (context 2048)";
      default -> "a base with context " + contextWidth;
    };
  }
}
