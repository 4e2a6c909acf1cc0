package dev.likeness.benchmarks.gpu;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ModelFiles;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.memory.MemoryPlan;
import dev.likeness.diffusion.internal.model.ModelOpener;
import dev.likeness.diffusion.internal.model.PlannedFiles;
import dev.likeness.diffusion.internal.nn.F8Linear;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.MemoryBudget;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.bytedeco.pytorch.global.torch_cuda;

/**
 * Models of {@code tools/gpu/folders.py} on the device of the proof.
 *
 * @param folders the folder with {@code shapes} and {@code values}
 * @param device {@code cuda} or {@code cpu}
 * @param isTiny true for small shapes, as in a rehearsal
 */
record ProofModels(Path folders, String device, boolean isTiny, ProofLog log) {
  /** Sides of generated images: the family's own, or 64 pixels. */
  int side(String family) {
    return isTiny ? 64 : family.equals("sd15") ? 512 : 1024;
  }

  /** The element types that the device computes in. */
  List<String> halves() {
    return isCpu() ? List.of("bf16") : List.of("bf16", "f16");
  }

  boolean isCpu() {
    return device.equals("cpu");
  }

  Path values(String name) {
    return folders.resolve("values").resolve(name);
  }

  /** Opens a folder whose file has values. */
  BaseModel withValues(String family, Compute compute) {
    return BaseModel.open(values(family), compute);
  }

  /** Opens a folder of shapes with random values that are made on the device. */
  BaseModel random(String family, String dtype) {
    return filled(
        BaseModel.open(folders.resolve("shapes").resolve(family), Compute.of(device, dtype)));
  }

  /** Returns a base after its tensors were given random values. */
  BaseModel filled(BaseModel base) {
    fill(EngineAccess.model(base));
    return base;
  }

  /** Opens a folder of shapes, with zeros as values, within a budget. */
  BaseModel within(String family, String dtype, String budget) {
    return BaseModel.open(
        ModelFiles.of(folders.resolve("shapes").resolve(family)),
        Compute.of(device, dtype),
        MemoryBudget.of(budget));
  }

  /**
   * Opens a folder with values in the least memory. On a GPU, its transformer is streamed. On a
   * CPU, the plan depends on the memory of this process, and may keep the transformer.
   */
  BaseModel streamed(Path folder, String dtype, int side) {
    Compute compute = Compute.of(device, dtype);
    MemoryBudget any = MemoryBudget.unlimited().size(side, side);
    for (int tries = 0; ; tries++) {
      List<MemoryPlan> plans = PlannedFiles.choices(ModelOpener.open(folder), compute, any);
      // On a CPU, the process may have grown before the model is opened.
      long bytes = plans.get(plans.size() - 1).peak() + ((long) tries * tries << 14);
      try {
        return BaseModel.open(
            ModelFiles.of(folder), compute, MemoryBudget.ofBytes(bytes).size(side, side));
      } catch (ResourceLimitException grown) {
        if (tries == 100) {
          throw grown;
        }
      }
    }
  }

  /** The line of a memory plan that says how the transformer is kept. */
  static String transformerOf(BaseModel base) {
    return base.memoryPlan()
        .orElse("none")
        .lines()
        .filter(line -> line.contains("transformer"))
        .findFirst()
        .orElse("none")
        .strip();
  }

  private static void fill(OpenModel model) {
    try (NoGradGuard guard = new NoGradGuard()) {
      for (ModelComponent component : ModelComponent.values()) {
        LoadedWeights weights = model.weights(component);
        if (weights != null) {
          weights.names().forEach(name -> fill(name, stored(weights, name)));
        }
      }
    }
  }

  /** The numbers in memory: those of f8 if they stay so. */
  private static Tensor stored(LoadedWeights weights, String name) {
    long[] shape = weights.shape(name);
    return weights.matrix(name, shape) instanceof F8Linear.Weight inF8
        ? inF8.matrix().get().values()
        : weights.get(name, shape);
  }

  /** Random values under which activations keep about unit size. */
  private static void fill(String name, Tensor tensor) {
    try (TensorScope scope = TensorScope.open()) {
      if (!tensor.is_floating_point()) {
        return;
      }
      // libtorch has no arithmetic in f8.
      boolean inF8 = tensor.scalar_type().intern() == ScalarType.Float8_e4m3fn;
      Tensor values = inF8 ? tensor.to(ScalarType.BFloat16) : tensor;
      values.normal_();
      if (tensor.dim() > 1) {
        values.mul_(new Scalar(1 / Math.sqrt(tensor.numel() / (double) tensor.size(0))));
      } else {
        values.mul_(new Scalar(0.1));
        if (name.endsWith("weight") || name.endsWith("running_var")) {
          values.add_(new Scalar(1));
        }
      }
      if (inF8) {
        tensor.copy_(values);
      }
    }
  }

  /** A request without randomness of its own. */
  ImageRequest request(String family, int steps) {
    int side = side(family);
    ImageRequest request =
        ImageRequest.of("a photo of a person").size(side, side).steps(steps).seed(1);
    return switch (family) {
      case "sd15", "sdxl" -> request.negative("blurry").guidance(7);
      case "flux" -> request.guidance(3.5);
      case "klein" -> request.guidance(4);
      default -> request.guidance(0);
    };
  }

  /** Waits until the device has done all work. */
  void await() {
    if (!isCpu()) {
      torch_cuda.device_synchronize();
    }
  }

  /**
   * Milliseconds of the fastest of {@code runs} calls, the device's work included; of one call in a
   * rehearsal.
   */
  double milliseconds(int runs, Runnable work) {
    double best = Double.MAX_VALUE;
    for (int i = 0; i < (isTiny ? 1 : runs); i++) {
      await();
      long start = System.nanoTime();
      work.run();
      await();
      best = Math.min(best, (System.nanoTime() - start) / 1e6);
    }
    return best;
  }

  /** Writes the device's memory after some work. */
  void memory(String name) {
    var memory = Compute.of(device, "f32").memory();
    log.found(name + ".used", gib(memory.used()), "GiB");
    log.found(name + ".reserved", gib(memory.reserved()), "GiB");
    log.found(name + ".peak", gib(memory.peak()), "GiB");
  }

  private static double gib(long bytes) {
    return Math.round(bytes / 1024.0 / 1024 / 1024 * 1000) / 1000.0;
  }

  /** Writes the largest difference of two images of values in 0..1, and fails above a limit. */
  void difference(String name, Supplier<float[]> one, Supplier<float[]> other, double most) {
    float[] a = one.get();
    float[] b = other.get();
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      // Not a number in an image fails too.
      largest = Math.max(largest, Float.isFinite(a[i] - b[i]) ? Math.abs(a[i] - b[i]) : 1);
    }
    log.found(name + ".difference", largest, "of 1");
    if (a.length != b.length || !(largest <= most)) {
      throw new IllegalStateException(
          String.format(Locale.ROOT, "the largest difference is %.4f, wanted %.4f", largest, most));
    }
  }
}
