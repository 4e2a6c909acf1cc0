package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.Calibration;
import dev.likeness.diffusion.internal.memory.Calibration.LayerInputs;
import dev.likeness.diffusion.internal.memory.MemoryPlan;
import dev.likeness.diffusion.internal.memory.WeightResidence;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.MemoryBudget;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The files of a model, opened with a {@link MemoryPlan}. */
public record PlannedFiles(ModelComponents base, MemoryPlan plan)
    implements ModelComponents.Derived {
  /**
   * Returns the plan for a budget, from the headers of the files.
   *
   * @throws dev.likeness.diffusion.error.ResourceLimitException as {@link MemoryPlan#of}
   */
  public static MemoryPlan plan(ModelComponents files, Compute wanted, MemoryBudget budget) {
    return MemoryPlan.of(
        files.describe(), FamilyRegistry.of(files).memory(files).estimate(files), wanted, budget);
  }

  /** Returns all plans for a budget, as {@link MemoryPlan#choices}. */
  public static List<MemoryPlan> choices(
      ModelComponents files, Compute compute, MemoryBudget budget) {
    return MemoryPlan.choices(
        FamilyRegistry.of(files).memory(files).estimate(files), compute, budget);
  }

  @Override
  public WeightResidence residence(String component) {
    return plan.residence(component);
  }

  @Override
  public LayerInputs layerInputs(String component) {
    if (plan.residence(component) != WeightResidence.INT8_MATMUL
        || calibration().isEmpty()) {
      return LayerInputs.NONE;
    }
    try (TensorSource network = weights(component)) {
      return new LayerInputs(
          calibration().map(file -> Calibration.read(file, network)), Optional.empty());
    }
  }

  @Override
  public List<String> notices() {
    return Stream.concat(base.notices().stream(), plan.notices(calibration().isPresent()))
        .toList();
  }

  @Override
  public boolean isVaeTiled() {
    return plan.isVaeTiled();
  }

  @Override
  public ModelComponents with(String component, Path files) {
    return ReplacedComponent.in(this, component, files);
  }
}
