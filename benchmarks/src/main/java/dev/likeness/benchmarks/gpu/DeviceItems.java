package dev.likeness.benchmarks.gpu;

import dev.likeness.benchmarks.gpu.GpuProof.Item;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.request.GenerationHooks;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.doctor.Doctor;
import dev.likeness.portrait.PortraitModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch_cuda;

/**
 * Groups a, g and i: opening, memory, kernels, waiting for the device, and running out of memory.
 */
final class DeviceItems {
  private static final List<String> FAMILIES = List.of("sd15", "sdxl", "flux", "klein", "zimage");
  private static final double ONE_GREY_LEVEL = 1.5 / 255;

  private DeviceItems() {}

  static List<Item> opening(ProofModels models, ProofLog log) {
    List<Item> items = new ArrayList<>();
    items.add(new Item("a.opens", 120, () -> {
      Compute compute = Compute.of(models.device());
      log.found("a.opens.compute", compute.toString());
      log.found("a.opens.memory", compute.memory().toString());
      log.found("a.opens.gpus", torch.cuda_device_count(), "GPUs");
    }));
    items.add(new Item("a.doctor", 60, () -> doctor(log)));
    for (String family : FAMILIES) {
      items.add(new Item("a." + family + ".f32", 60, () -> equalsTheCpu(models, family)));
    }
    items.add(new Item("a.portrait.f32", 120, () -> {
      ImageRequest request = ImageRequest.of("headshot of a woman").steps(models.isTiny() ? 2 : 20);
      models.difference(
          "a.portrait.f32",
          () -> pixels(BaseModel.open(PortraitModel.files(), Compute.EXACT), request),
          () -> pixels(
              BaseModel.open(PortraitModel.files(), Compute.of(models.device(), "f32")), request),
          2 * ONE_GREY_LEVEL);
    }));
    items.add(new Item("a.loop.waits", 60, () -> waitsForNothing(models, log)));
    items.add(new Item("a.attention.kernel", 60, () -> fusedAttention(models, log)));
    for (String family : List.of("flux", "klein", "zimage")) {
      items.add(
          new Item("a." + family + ".streamed", 60, () -> streamsTheSame(models, family, log)));
    }
    items.add(F8Items.layer(models, log));
    items.add(new Item("a.tf32", 10, () -> {
      log.found("a.tf32.matmul", String.valueOf(torch.globalContext().allowTF32CuBLAS()));
      log.found("a.tf32.convolution", String.valueOf(torch.globalContext().allowTF32CuDNN()));
    }));
    return items;
  }

  private static void doctor(ProofLog log) {
    for (Doctor.Diagnosis diagnosis : Doctor.examine()) {
      log.found("a.doctor." + diagnosis.subject().replace(' ', '-'), diagnosis.text());
      if (diagnosis.isMissing()) {
        throw new IllegalStateException(diagnosis.subject() + ": " + diagnosis.text());
      }
    }
  }

  private static void equalsTheCpu(ProofModels models, String family) {
    ImageRequest request = models.request(family, 4).size(64, 64);
    models.difference(
        "a." + family + ".f32",
        () -> pixels(models.withValues(family, Compute.EXACT), request),
        () -> pixels(models.withValues(family, Compute.of(models.device(), "f32")), request),
        ONE_GREY_LEVEL);
    models.memory("a." + family + ".f32");
  }

  /** An image whose blocks come from the host in each step is the same; it is decoded in strips. */
  private static void streamsTheSame(ProofModels models, String family, ProofLog log) {
    ImageRequest request = models.request(family, 6).size(64, 64);
    String name = "a." + family + ".streamed";
    models.difference(
        name,
        () -> pixels(models.withValues(family, Compute.of(models.device(), "f32")), request),
        () -> {
          BaseModel base = models.streamed(models.values(family), "f32", 64);
          log.found(name + ".plan", ProofModels.transformerOf(base));
          return pixels(base, request);
        },
        ONE_GREY_LEVEL);
  }

  private static float[] pixels(BaseModel model, ImageRequest request) {
    try (BaseModel base = model) {
      return base.generate(request).pixels();
    }
  }

  /** libtorch throws at each wait between the first step's end and the last step's. */
  private static void waitsForNothing(ProofModels models, ProofLog log) {
    for (String family : FAMILIES) {
      watched(models, log, "a.loop.waits." + family, hooks -> {
        try (BaseModel base = models.withValues(family, Compute.of(models.device(), "f32"))) {
          base.generate(models.request(family, 6).size(64, 64).hooks(hooks));
        }
      });
    }
    watched(
        models,
        log,
        "a.loop.waits.conditioned",
        hooks -> PersonItems.generateWithAll(models, request -> request.hooks(hooks)));
  }

  private static void watched(
      ProofModels models, ProofLog log, String name, Consumer<GenerationHooks> generate) {
    int[] steps = {0};
    try {
      generate.accept(new LoopWatch(models, steps).hooks());
    } finally {
      LoopWatch.allow(models);
    }
    log.found(name, steps[0], "steps without a wait");
  }

  /** Which kernel libtorch chooses for attention: 0 none, 1 flash, 2 efficient, 3 cuDNN. */
  private static void fusedAttention(ProofModels models, ProofLog log) {
    for (String shape : List.of("2x8x4096x40", "2x10x4096x64", "1x24x4608x128", "1x1x4096x512")) {
      long[] sizes = Arrays.stream(shape.split("x")).mapToLong(Long::parseLong).toArray();
      long rows = models.isTiny() ? 64 : sizes[2];
      try (PointerScope scope = new PointerScope()) {
        Tensor q = torch.randn(
            new long[] {sizes[0], sizes[1], rows, sizes[3]},
            new TensorOptions(torch.ScalarType.BFloat16)
                .device(new DeviceOptional(new Device(models.device()))));
        int kernel = AttentionKernel.chosen(q);
        log.found("a.attention.kernel." + shape, AttentionKernel.name(kernel));
        if (!models.isCpu() && kernel == AttentionKernel.MATH && sizes[3] <= 128) {
          throw new IllegalStateException("attention of " + shape + " is not fused");
        }
      }
    }
  }

  /** Allows only little more memory than the model takes, then all of it again. */
  static List<Item> outOfMemory(ProofModels models, ProofLog log) {
    return List.of(new Item("g.recovers", 120, () -> {
      if (models.isCpu()) {
        log.write("g.recovers", ProofLog.State.SKIPPED, Map.of("text", "needs a GPU"));
        return;
      }
      try (BaseModel base = models.withValues("sd15", Compute.of("cuda", "f32"))) {
        ImageRequest request = models.request("sd15", 2).size(64, 64);
        float[] before = base.generate(request).pixels();
        double all = torch_cuda.getAllocator().getMemoryFraction((byte) 0);
        var memory = base.compute().memory();
        torch_cuda
            .getAllocator()
            .setMemoryFraction(
                (memory.reserved() + (64 << 20)) / (double) memory.total(), (byte) 0);
        try {
          base.generate(request.size(2048, 2048));
          throw new IllegalStateException("an image of 2048 pixels fitted into 64 MiB");
        } catch (ResourceLimitException expected) {
          log.found("g.recovers.message", expected.getMessage());
        } finally {
          torch_cuda.getAllocator().setMemoryFraction(all, (byte) 0);
        }
        models.difference(
            "g.recovers", () -> before, () -> base.generate(request).pixels(), 0);
      }
    }));
  }

  /** One small generation, for a run under {@code compute-sanitizer}. */
  static List<Item> oneGeneration(ProofModels models, ProofLog log) {
    return List.of(new Item("i.generation", 400, () -> {
      try (BaseModel base = models.withValues("sd15", Compute.of(models.device(), "f32"))) {
        log.found(
            "i.generation.pixels",
            base.generate(models.request("sd15", 2).size(64, 64)).pixels().length,
            "values");
      }
    }));
  }
}
