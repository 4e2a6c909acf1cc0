package dev.likeness.benchmarks.gpu;

import dev.likeness.benchmarks.gpu.GpuProof.Item;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.tensor.Latents;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Groups b and c: time and memory of steps, decoding and whole images of published shapes. */
final class SpeedItems {
  private SpeedItems() {}

  static List<Item> stableDiffusion(ProofModels models, ProofLog log) {
    List<Item> items = new ArrayList<>();
    for (String family : List.of("sd15", "sdxl")) {
      for (String dtype : models.halves()) {
        items.add(new Item(
            "b." + family + "." + dtype, 120, () -> image("b.", family, dtype, models, log)));
      }
    }
    return items;
  }

  static List<Item> transformers(ProofModels models, ProofLog log) {
    List<Item> items = new ArrayList<>();
    for (String family : List.of("klein", "zimage", "flux")) {
      items.add(
          new Item("c." + family + ".bf16", 150, () -> image("c.", family, "bf16", models, log)));
    }
    items.add(F8Items.transformer(models, log));
    items.add(new Item("c.flux.streamed", 150, () -> {
      try (BaseModel base = models.isTiny()
          ? models.streamed(models.values("flux"), "bf16", models.side("flux"))
          : models.within("flux", "bf16", "16GiB")) {
        streamed("c.flux.streamed", 2, base, models, log);
      }
    }));
    items.add(F8Items.streamed(models, log));
    return items;
  }

  /** A step is the difference of a long and a short generation, over their difference in steps. */
  private static void image(
      String group, String family, String dtype, ProofModels models, ProofLog log) {
    try (BaseModel base = models.random(family, dtype)) {
      measure(group + family + "." + dtype, family, base, models, log);
    }
  }

  /** Writes step, image, decoding and memory of a base with values. */
  static void measure(
      String name, String family, BaseModel base, ProofModels models, ProofLog log) {
    int few = models.isTiny() ? 2 : 10;
    int many = models.isTiny() ? 4 : 30;
    models.memory(name + ".open");
    base.generate(models.request(family, 2));
    double small = models.milliseconds(2, () -> base.generate(models.request(family, few)));
    double whole = models.milliseconds(2, () -> base.generate(models.request(family, many)));
    log.found(name + ".step", (whole - small) / (many - few), "ms");
    log.found(name + ".image", whole, "ms");
    Latents noise = base.noise(1, models.side(family), models.side(family));
    base.decode(noise);
    log.found(name + ".decode", models.milliseconds(3, () -> base.decode(noise)), "ms");
    models.memory(name);
  }

  /**
   * The transformer's blocks come from the host in every step; its values are zeros.
   *
   * @param width bytes of each value that is copied
   */
  static void streamed(String item, int width, BaseModel base, ProofModels models, ProofLog log) {
    log.found(item + ".plan", base.memoryPlan().orElse("none"));
    base.generate(models.request("flux", 1));
    double one = models.milliseconds(1, () -> base.generate(models.request("flux", 1)));
    double four = models.milliseconds(1, () -> base.generate(models.request("flux", 4)));
    double step = (four - one) / 3;
    log.found(item + ".step", step, "ms");
    var weights = EngineAccess.model(base).weights(ModelComponent.TRANSFORMER);
    double values = weights.names().stream()
        .filter(name -> name.contains("transformer_blocks."))
        .mapToDouble(name -> Arrays.stream(weights.shape(name)).reduce(1, (a, b) -> a * b))
        .sum();
    log.found(item + ".rate", width * values / step / 1e6, "GB/s");
    models.memory(item);
  }
}
