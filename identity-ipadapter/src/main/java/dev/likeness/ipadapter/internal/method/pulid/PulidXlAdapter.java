package dev.likeness.ipadapter.internal.method.pulid;

import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.attention.TokenMemories;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.method.AdapterNames;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.method.ImageTokens;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** The weights of PuLID for SDXL. */
final class PulidXlAdapter implements IdentityMethod.Opened {
  /** The tokens of zeros that the published app adds ({@code NUM_ZERO}). */
  static final int ZEROS = 20;

  private final AdapterSites sites;
  private final Weights weights;
  private final ImageTokens maker;

  PulidXlAdapter(AdapterLayout layout, AdapterSites sites, LoadedWeights file, Compute compute) {
    this.sites = sites;
    weights = Weights.of(file);
    maker = new ImageTokens(
        layout, new FaceTokens(new AdapterNames(file), weights, PulidMethod.XL_ENCODER), compute);
  }

  @Override
  public void readAll() {
    for (int t = 0; t < sites.paths().size(); t++) {
      linear(t, "id_to_k");
      linear(t, "id_to_v");
    }
  }

  @Override
  public TokenMemories memories(
      ReferenceEmbeddings references, boolean isUnconditional, double shortcutScale) {
    Tensor own = isUnconditional ? maker.unconditional(references) : maker.of(references);
    Tensor tokens = torch.pad(own, 0, 0, 0, ZEROS);
    return (t, scale) -> new OrthogonalTokens(
        linear(t, "id_to_k").forward(tokens), linear(t, "id_to_v").forward(tokens), scale);
  }

  private Linear linear(int t, String name) {
    return Linear.withoutBias(
        weights.at(PulidMethod.XL_ATTENTIONS).at(sites.keyIndex(t)).at(name),
        sites.contextWidth(),
        sites.widths().get(t));
  }
}
