package dev.likeness.ipadapter.internal.method;

import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.attention.TokenBranch.KeyValues;
import dev.likeness.ipadapter.internal.attention.TokenMemories;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * An adapter with keys and values of image tokens for each attention (Ye et al. 2023,
 * arXiv:2308.06721, eq. 5). Methods override how a layer is read, or what becomes of keys.
 */
public class KeyValueAdapter implements IdentityMethod.Opened {
  private final AdapterLayout layout;
  private final AdapterSites sites;
  private final Weights weights;
  private final Compute compute;

  public KeyValueAdapter(
      AdapterLayout layout, AdapterSites sites, LoadedWeights weights, Compute compute) {
    this.layout = layout;
    this.sites = sites;
    this.weights = Weights.of(weights);
    this.compute = compute;
  }

  @Override
  public void readAll() {
    layout.projection(weights, 1);
    for (int t = 0; t < sites.paths().size(); t++) {
      linear(t, "to_k_ip");
      linear(t, "to_v_ip");
    }
  }

  @Override
  public TokenMemories memories(
      ReferenceEmbeddings references, boolean isUnconditional, double shortcutScale) {
    Tensor tokens = tokens(references, isUnconditional, shortcutScale);
    boolean sameWeights = references.weights().stream().distinct().count() < 2;
    Tensor bias = isUnconditional || sameWeights
        ? null
        : ImageTokens.weightBias(references, tokens.size(1), compute);
    return (t, scale) -> {
      Tensor values = linear(t, "to_v_ip").forward(tokens);
      return new KeyValues(
          normalise(linear(t, "to_k_ip").forward(tokens)),
          scale == 1 ? values : values.mul(new Scalar(scale)),
          bias);
    };
  }

  /**
   * Returns the concatenated tokens of all references, [1, n tokens, contextWidth], or the
   * unconditional tokens of one; they belong to the calling scope.
   *
   * @param shortcutScale as in {@link IdentityMethod#projection}
   */
  protected Tensor tokens(
      ReferenceEmbeddings references, boolean isUnconditional, double shortcutScale) {
    ImageTokens maker = new ImageTokens(layout, layout.projection(weights, shortcutScale), compute);
    return isUnconditional ? maker.unconditional(references) : maker.of(references);
  }

  private Linear linear(int t, String name) {
    return Linear.of(
        weights.at("ip_adapter").at(sites.keyIndex(t)).at(name),
        sites.contextWidth(),
        sites.widths().get(t),
        hasBias());
  }

  /** Returns true if keys and values have biases. */
  protected boolean hasBias() {
    return false;
  }

  /** Normalises keys [1, n, width]; the default keeps them. */
  protected Tensor normalise(Tensor keys) {
    return keys;
  }
}
