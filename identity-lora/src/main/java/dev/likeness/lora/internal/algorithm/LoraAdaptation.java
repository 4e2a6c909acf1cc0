package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.lora.LoraWeight;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** What a LoRA at a weight adds to one network. */
public record LoraAdaptation(AttachedDeltas changes, ModelComponent part, LoraWeight weight)
    implements Adaptation {
  @Override
  public List<AdapterLayer> sidePaths(String module) {
    SideChange change = changes.sides(part).get(module);
    double here = change == null ? 0 : weight.of(part, module);
    return here == 0 ? List.of() : List.of(change.at(here));
  }

  @Override
  public Tensor tensor(String name, Tensor own) {
    Tensor difference = changes.vectors(part).get(name);
    double here = difference == null ? 0 : weight.of(part, name);
    return here == 0 ? own : own.add(difference, new Scalar(here));
  }

  @Override
  public boolean replaces(String name) {
    return changes.vectors(part).containsKey(name);
  }

  @Override
  public Adaptation at(double progress) {
    LoraWeight now = weight.at(progress);
    return now.isNothing() ? Adaptation.NONE : new LoraAdaptation(changes, part, now);
  }

  @Override
  public boolean isBeside() {
    return changes.vectors(part).isEmpty();
  }
}
