package dev.likeness.benchmarks.gpu;

import dev.likeness.benchmarks.gpu.GpuProof.Item;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.LoraTargets;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Group d: a training step of a LoRA of rank 4 on every attention, in bf16. */
final class TrainingItems {
  private static final int RANK = 4;

  private TrainingItems() {}

  static List<Item> steps(ProofModels models, ProofLog log) {
    List<Item> items = new ArrayList<>();
    for (String family : List.of("sd15", "sdxl", "klein")) {
      items.add(new Item("d." + family + ".bf16", 150, () -> step(family, models, log)));
    }
    return items;
  }

  private static void step(String family, ProofModels models, ProofLog log) {
    String name = "d." + family + ".bf16";
    int side = models.side(family);
    byte[] noise = new byte[side * side * 3];
    new Random(1).nextBytes(noise);
    TrainingSettings training = TrainingSettings.quick()
        .steps(models.isTiny() ? 3 : 12)
        .rank(RANK)
        .batchSize(1)
        .targets(LoraTargets.ATTENTION)
        .trainTextEncoder(false);
    List<Long> ends = new ArrayList<>();
    Progress clock = event -> {
      if (event instanceof ProgressEvent.Step step && step.phase().equals("train")) {
        models.await();
        ends.add(System.nanoTime());
      }
    };
    try (BaseModel base = models.random(family, "bf16")) {
      LoraTrainer trainer = new LoraTrainer(training);
      log.found(
          name + ".estimate",
          trainer.memory(base, side, side).bytes() / 1024.0 / 1024 / 1024,
          "GiB");
      trainer
          .train(
              base, List.of(RgbImage.of(side, side, noise)), PersonToken.of("man"), Run.of(clock))
          .close();
      double best = Double.MAX_VALUE;
      for (int i = 1; i < ends.size(); i++) {
        best = Math.min(best, (ends.get(i) - ends.get(i - 1)) / 1e6);
      }
      log.found(name + ".step", best, "ms");
      models.memory(name);
    }
  }
}
