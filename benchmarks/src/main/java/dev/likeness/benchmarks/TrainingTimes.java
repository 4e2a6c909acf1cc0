package dev.likeness.benchmarks;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.progress.Cancellation;
import dev.likeness.diffusion.progress.ProgressEvent;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.LoraTargets;
import dev.likeness.lora.LoraTraining;
import dev.likeness.lora.Subject;
import dev.likeness.lora.TrainingOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Seconds of a step of learning a LoRA (rank 4, attentions, one picture of noise) on a base of any size, the fastest of
 * those after the first, and the peak of resident memory. Prints {@code seconds SECONDS peak KILOBYTES}; {@code
 * tools/real_size/lora.sh} prints diffusers' beside it.
 *
 * <p>Arguments: {@code BASE DTYPE SIDE [recompute]}.
 */
public final class TrainingTimes {
  private static final int STEPS = 4;

  private TrainingTimes() {}

  public static void main(String[] args) throws IOException {
    int side = Integer.parseInt(args[2]);
    byte[] noise = new byte[side * side * 3];
    new Random(1).nextBytes(noise);
    LoraTraining training = LoraTraining.quick().steps(STEPS).rank(4).batch(1).targets(LoraTargets.ATTENTION)
        .textEncoder(false).options(TrainingOptions.PLAIN.recompute(args.length > 3));
    List<Double> seconds = new ArrayList<>();
    long[] last = {System.nanoTime()};
    try (BaseModel base = BaseModel.open(Path.of(args[0]), Compute.of("cpu", args[1]))) {
      training.train(base, List.of(Picture.of(side, side, noise)), Subject.of("man"), event -> {
        if (event instanceof ProgressEvent.Step) {
          seconds.add((System.nanoTime() - last[0]) / 1e9);
          last[0] = System.nanoTime();
        }
      }, new Cancellation()).close();
    }
    System.out.printf(Locale.ROOT, "seconds %.2f peak %s%n",
        seconds.stream().skip(seconds.size() - STEPS + 1).mapToDouble(s -> s).min().orElseThrow(), peak());
  }

  private static String peak() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.startsWith("VmHWM"))
        .findFirst().orElseThrow().replaceAll("\\D", "");
  }
}
