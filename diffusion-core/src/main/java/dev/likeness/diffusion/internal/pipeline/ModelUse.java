package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.family.LoadedControlNet;
import dev.likeness.diffusion.internal.natives.LibTorch;
import dev.likeness.diffusion.internal.tensor.UsageLock;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The use of an opened model: keeps the model open while work uses it, and reports the work.
 *
 * @param name the model's name, for observers
 * @param lock keeps the model open
 * @param isExclusive true if work waits until no other work uses the model, because it frees
 *     components that no later stage of it needs
 * @param observers receive the events of all work on the model
 */
public record ModelUse(
    String name, UsageLock lock, boolean isExclusive, List<Progress.Observer> observers) {
  /** The use of a model that was just opened, without observers. */
  static ModelUse of(String name) {
    return new ModelUse(name, new UsageLock("the model " + name), false, List.of());
  }

  ModelUse exclusive(boolean exclusive) {
    return new ModelUse(name, lock, exclusive, observers);
  }

  /** Returns the same use, whose work is also reported to another observer. */
  ModelUse observed(Progress.Observer other) {
    return new ModelUse(
        name,
        lock,
        isExclusive,
        Stream.concat(observers.stream(), Stream.of(other)).toList());
  }

  /**
   * Runs work that the run's cancellation stops, and that reports its events and its outcome to the
   * observers and to the caller. Memory that libtorch could not allocate is a
   * {@code ResourceLimitException} for all of them.
   *
   * @param work gets the run with the observers among its listeners
   */
  public <T> T report(Progress.Work.Kind kind, int images, Run run, Function<Run, T> work) {
    Progress.Work started = new Progress.Work(kind, name, images);
    List<Progress> listeners = new ArrayList<>(List.of(run.progress()));
    Run observed = run.with(event -> listeners.forEach(listener -> listener.onEvent(event)));
    return observed.report(() -> {
      // If an observer throws, those that started before it receive the terminal event too.
      observers.forEach(each -> listeners.add(listeners.size() - 1, each.onStart(started)));
      return LibTorch.callWithinMemory(() -> work.apply(observed));
    });
  }

  /** Runs work while the model stays open. */
  public <T> T callWhileOpen(Supplier<T> work) {
    return lock.callWhileOpen(isExclusive, () -> LibTorch.callWithinMemory(work));
  }

  /** Runs work while the model and the requests' ControlNets and adapters stay open. */
  public <T> T callWhileOpen(List<ImageRequest> requests, Supplier<T> work) {
    List<UsageLock> carried = requests.stream()
        .flatMap(request -> Stream.concat(
            request.controlImages().stream()
                .map(control -> LoadedControlNet.of(control.controlNet()).usageLock()),
            request.adapters().stream()
                .flatMap(all -> all.components().stream())
                .flatMap(one -> ModelAdapter.of(one).usageLocks().stream())))
        .distinct()
        .toList();
    return callWhileOpen(() -> UsageLock.callWhileOpen(carried, work));
  }
}
