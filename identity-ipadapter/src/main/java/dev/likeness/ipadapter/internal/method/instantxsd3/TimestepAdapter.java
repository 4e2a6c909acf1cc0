package dev.likeness.ipadapter.internal.method.instantxsd3;

import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.attention.TokenMemories;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.method.ImageTokens;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** An opened adapter of InstantX for Stable Diffusion 3.5: its tokens depend on the timestep. */
final class TimestepAdapter implements IdentityMethod.Opened {
  private final AdapterLayout layout;
  private final AdapterSites sites;
  private final LoadedWeights weights;
  private final Compute compute;

  TimestepAdapter(
      AdapterLayout layout, AdapterSites sites, LoadedWeights weights, Compute compute) {
    this.layout = layout;
    this.sites = sites;
    this.weights = weights;
    this.compute = compute;
  }

  @Override
  public void readAll() {
    resampler();
    for (int t = 0; t < sites.paths().size(); t++) {
      attention(t);
    }
  }

  /**
   * {@inheritDoc} Weights of references act beside the image's own tokens, so that equal weights
   * other than 1 have an effect too.
   */
  @Override
  public TokenMemories memories(
      ReferenceEmbeddings references, boolean isUnconditional, double shortcutScale) {
    Tensor seen = ImageTokens.place(references.image().orElseThrow(), compute);
    TimestepAttention.TimestepMemory.Tokens tokens = new TimestepAttention.TimestepMemory.Tokens(
        resampler(),
        isUnconditional ? torch.zeros_like(seen) : seen,
        layout.tokens(),
        layout.contextWidth());
    Tensor bias = references.weights().stream().allMatch(weight -> weight == 1)
        ? null
        : ImageTokens.weightBias(references, (long) references.count() * layout.tokens(), compute);
    return (t, scale) -> new TimestepAttention.TimestepMemory(tokens, attention(t), scale, bias);
  }

  private TimestepResampler resampler() {
    return new TimestepResampler(layout, Weights.of(weights).at("image_proj"));
  }

  private TimestepAttention attention(int t) {
    return new TimestepAttention(
        Weights.of(weights).at("ip_adapter").at(sites.keyIndex(t)),
        layout.contextWidth(),
        layout.resampler().width(),
        sites.headDim() > 0 ? sites.headDim() : normWidth(t));
  }

  /** The head width by the adapter's own norms, for a base whose tensors do not tell it. */
  private long normWidth(int t) {
    String norm = "ip_adapter." + t + ".norm_q.weight";
    return weights.has(norm) && weights.shape(norm).length == 1 ? weights.shape(norm)[0] : 1;
  }
}
