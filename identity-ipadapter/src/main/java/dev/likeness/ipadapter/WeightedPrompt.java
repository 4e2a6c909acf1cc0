package dev.likeness.ipadapter;

import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.adapt.Adapter;
import dev.likeness.diffusion.adapt.AttentionBranch;
import dev.likeness.diffusion.adapt.Drawing;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.ImagePrompt.Settings;
import dev.likeness.ipadapter.TokenBranch.Memory;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** An image prompt at a weight: makes tokens, keys and values once for a request. */
record WeightedPrompt(IpAdapter adapter, ReferenceEmbeddings references, Settings settings, double weight)
    implements Adapter {
  @Override
  public Adaptation adapt(Part part, Compute compute) {
    if (part != Part.UNET || weight == 0) {
      return Adaptation.NONE;
    }
    throw new IllegalArgumentException("an image prompt has to know what is drawn; call adapt(part, drawing)");
  }

  @Override
  public Adaptation adapt(Part part, Drawing drawing) {
    if (part != Part.UNET || weight == 0) {
      return Adaptation.NONE;
    }
    if (!drawing.compute().equals(adapter.compute())) {
      throw new IllegalArgumentException("the adapter " + adapter.describe() + " was opened for a base on "
          + adapter.compute() + ", this one computes on " + drawing.compute() + "; open it for this base");
    }
    return new PromptAdaptation(branches(drawing), adapter.lora(), settings);
  }

  private Map<String, AttentionBranch> branches(Drawing drawing) {
    TokenMaker maker = new TokenMaker(adapter, settings.shortcut());
    Tensor shown = maker.of(references);
    Tensor nothing = !drawing.guided() ? null
        : settings.negative() == null ? maker.ofNothing(references) : maker.of(settings.negative());
    Tensor bias = maker.bias(references, shown.size(1));
    Tensor nothingBias = settings.negative() == null || nothing == null ? null
        : maker.bias(settings.negative(), nothing.size(1));
    Mask mask = settings.mask() == null ? null : new Mask(settings.mask(), drawing);
    Map<String, AttentionBranch> branches = new HashMap<>();
    for (int t = 0; t < adapter.base().paths().size(); t++) {
      double scale = weight * settings.blocks().of(adapter.base(), t);
      if (scale != 0) {
        branches.put(adapter.base().cross(t), new TokenBranch(nothing == null ? null
            : memory(nothing, t, scale, nothingBias), memory(shown, t, scale, bias), mask));
      }
    }
    return branches;
  }

  private Memory memory(Tensor tokens, int t, double scale, Tensor bias) {
    Tensor values = torch.linear(tokens, adapter.values(t));
    return new Memory(torch.linear(tokens, adapter.keys(t)), scale == 1 ? values : values.mul(new Scalar(scale)), bias);
  }
}
