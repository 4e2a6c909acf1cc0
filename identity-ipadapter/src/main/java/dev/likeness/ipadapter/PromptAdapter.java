package dev.likeness.ipadapter;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.Drawing;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.adapter.PartTensors;
import dev.likeness.diffusion.internal.tensor.UsageLock;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.ImagePrompt.Settings;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import java.util.List;

/** An image prompt at a weight: makes tokens, keys and values once for a request. */
record PromptAdapter(
    IpAdapter adapter, ReferenceEmbeddings references, Settings settings, double weight)
    implements Adapter {
  /**
   * Another base may lack the part that this speaks to, or have attentions as wide that understand
   * other tokens.
   */
  @Override
  public void requireFor(PartTensors model) {
    if (weight == 0) {
      return;
    }
    AdapterSites met =
        AdapterSites.of("that draws", model).heard(adapter.layout().kind());
    if (!adapter.base().areOf(met)) {
      throw new IllegalArgumentException("an image prompt of " + adapter.describe() + " for "
          + adapter.base().describe() + " met " + met.describe()
          + ": its adapter was opened for another base; open it for the one that draws");
    }
  }

  @Override
  public boolean isPlaced() {
    return weight != 0 && settings.mask() != null;
  }

  @Override
  public List<UsageLock> uses() {
    return weight == 0 ? List.of() : List.of(adapter.uses());
  }

  @Override
  public Adaptation adapt(ModelComponent part, Compute compute) {
    if (part != adapter.base().target().part() || weight == 0) {
      return Adaptation.NONE;
    }
    throw new IllegalArgumentException(
        "an image prompt has to know what is drawn; call adapt(part, drawing)");
  }

  @Override
  public Adaptation adapt(ModelComponent part, Drawing drawing) {
    if (part != adapter.base().target().part() || weight == 0) {
      return Adaptation.NONE;
    }
    if (!drawing.compute().equals(adapter.compute())) {
      throw new IllegalArgumentException(
          "the adapter " + adapter.describe() + " was opened for a base on " + adapter.compute()
              + ", this one computes on " + drawing.compute() + "; open it for this base");
    }
    return new PromptAdaptation(
        new Branches(adapter, settings).of(references, settings, weight, drawing),
        adapter.lora(),
        settings);
  }
}
