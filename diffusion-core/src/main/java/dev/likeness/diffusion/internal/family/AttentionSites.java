package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Where image adapters add to the attentions of a family's denoising network. */
public interface AttentionSites {
  /** The network's component. */
  ModelComponent component();

  /** Finds the attentions among a network's tensors; empty where these are another family's. */
  Optional<Found> find(Set<String> names, Function<String, long[]> shape);

  /**
   * What errors call bases whose attentions understand image tokens of this width, e.g. {@code SDXL
   * (context 2048)}.
   */
  String baseDescription(long contextWidth);

  /**
   * Attentions of a network, in the order in which its modules are registered.
   *
   * @param paths of a UNet's transformer blocks, or of a transformer's attentions
   * @param widths channels of each
   * @param contextWidth channels of the image tokens that they understand
   * @param headDim channels of a head; 0 where tensors do not tell
   */
  record Found(List<String> paths, List<Long> widths, long contextWidth, long headDim) {}
}
