package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** The attentions of a family's denoising network that image adapters extend. */
public interface AttentionSites {
  /** The network's component. */
  ModelComponent component();

  /**
   * Finds the attentions among a network's tensors; empty if the tensors belong to another family.
   */
  Optional<Found> find(Set<String> names, Function<String, long[]> shape);

  /**
   * The name of bases with image tokens of this width in messages, for example {@code SDXL (context
   * 2048)}.
   */
  String baseDescription(long contextWidth);

  /**
   * Attentions of a network, in the order in which its modules are registered.
   *
   * @param paths module paths: of a UNet's transformer blocks, or of a transformer's attentions
   * @param widths channels of each
   * @param contextWidth channels of the image tokens
   * @param headDim channels of a head; 0 if the tensors do not determine it
   */
  record Found(List<String> paths, List<Long> widths, long contextWidth, long headDim) {}
}
