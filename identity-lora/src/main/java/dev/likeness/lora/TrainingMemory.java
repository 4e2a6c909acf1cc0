package dev.likeness.lora;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.model.Networks;
import dev.likeness.diffusion.tensor.DType;
import java.util.Arrays;

/**
 * What a training takes of memory at its height, reckoned before it begins.
 *
 * @param weights bytes of the base's own networks
 * @param learned bytes of what is learned, its gradients, the optimiser's state and the average
 * @param activations bytes that the way forward keeps for the way back
 * @param process bytes of Java and libtorch themselves
 */
public record TrainingMemory(long weights, long learned, long activations, long process) {
  private static final long PROCESS = 400L << 20;
  private static final int F32 = 4;

  /** Reckons for pictures of that size; {@code whole} for {@link DreamBooth}. */
  static TrainingMemory of(LoraTraining settings, BaseModel base, int width, int height, boolean whole) {
    Networks model = base.parts();
    int bytes = model.compute().dtype() == DType.F32 ? F32 : F32 / 2;
    int factor = model.autoencoder().factor();
    ActivationCount count = new ActivationCount(model, width / factor * (height / factor));
    double kept = settings.options().recompute() ? count.twice(bytes) : count.all(bytes);
    int rows = settings.batch() * (settings.priorPictures() > 0 ? 2 : 1);
    long numbers = whole ? numbers(model, Pupil.of(model).part()) : factors(settings, model);
    return new TrainingMemory(bytes * Arrays.stream(Part.values()).mapToLong(part -> numbers(model, part)).sum(),
        numbers * each(settings.options()), (long) (kept * rows), PROCESS);
  }

  private static long numbers(Networks model, Part part) {
    return model.tensorNames(part).stream()
        .mapToLong(name -> Arrays.stream(model.tensorShape(part, name)).reduce(1, (a, b) -> a * b)).sum();
  }

  private static long factors(LoraTraining settings, Networks model) {
    return LayerTable.of(model).layers().stream().filter(settings::includes)
        .mapToLong(l -> settings.rank() * (l.out() + l.in() * l.kernel() * l.kernel())).sum();
  }

  /** Bytes for each number that is learned: itself, its gradient, the optimiser's, its average. */
  private static long each(TrainingOptions options) {
    return 2 * F32 + (options.ema() == 0 ? 0 : F32) + switch (options.optimizer()) {
      case ADAMW -> 2 * F32;
      case ADAMW_8BIT -> 2;
      case LION -> F32;
      case ADAFACTOR -> 1;
      case PRODIGY -> 4 * F32;
    };
  }

  /** All of it. */
  public long bytes() {
    return weights + learned + activations + process;
  }

  @Override
  public String toString() {
    return mib(bytes()) + " MiB: " + mib(weights) + " of weights, " + mib(learned) + " of what is learned, "
        + mib(activations) + " of activations, " + mib(process) + " of the process";
  }

  private static long mib(long bytes) {
    return bytes >> 20;
  }
}
