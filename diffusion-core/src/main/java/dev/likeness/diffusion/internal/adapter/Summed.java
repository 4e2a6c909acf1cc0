package dev.likeness.diffusion.internal.adapter;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Two adaptations at once. */
record Summed(Adaptation first, Adaptation second) implements Adaptation {
  @Override
  public List<AdapterLayer> sidePaths(String module) {
    List<AdapterLayer> before = first.sidePaths(module);
    List<AdapterLayer> after = second.sidePaths(module);
    return joined(
        before, after.stream().filter(path -> !isAmong(before, path.once())).toList());
  }

  @Override
  public List<AttentionBranch> branches(String module) {
    return joined(first.branches(module), second.branches(module));
  }

  @Override
  public boolean perturbs(String module) {
    return first.perturbs(module) || second.perturbs(module);
  }

  @Override
  public double merged() {
    return Math.max(first.merged(), second.merged());
  }

  @Override
  public Tensor tensor(String name, Tensor own) {
    return second.tensor(name, first.tensor(name, own));
  }

  @Override
  public boolean replaces(String name) {
    return first.replaces(name) || second.replaces(name);
  }

  @Override
  public boolean packs() {
    return first.packs() && second.packs();
  }

  @Override
  public Adaptation at(double progress) {
    return first.at(progress).and(second.at(progress));
  }

  @Override
  public boolean isBeside() {
    return first.isBeside() && second.isBeside();
  }

  private static boolean isAmong(List<AdapterLayer> paths, Object once) {
    return once != null && paths.stream().anyMatch(path -> once == path.once());
  }

  private static <T> List<T> joined(List<T> first, List<T> second) {
    if (first.isEmpty() || second.isEmpty()) {
      return first.isEmpty() ? second : first;
    }
    List<T> all = new ArrayList<>(first);
    all.addAll(second);
    return all;
  }
}
