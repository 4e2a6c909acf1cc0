package dev.likeness.benchmarks;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ModelFiles;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.diffusion.tensor.MemoryBudget.EightBits;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Seconds of the fastest step of an image with two reference images of its size on a base that
 * edits, of the whole image, and the peak of resident memory. Prints {@code step SECONDS image
 * SECONDS peak KILOBYTES}.
 *
 * <p>Arguments: {@code BASE DTYPE SIDE [eight-bits] [stepsN]}. The image has two steps unless
 * another number is given, and no guidance by a negative prompt, as those of distilled bases.
 */
public final class ReferenceTimes {
  private static final int STEPS = 2;

  private ReferenceTimes() {}

  public static void main(String[] args) {
    int side = Integer.parseInt(args[2]);
    ImageRequest request = ImageRequest.of("the woman of image 1 beside the man of image 2")
        .images(noise(side, 1), noise(side, 2))
        .size(side, side)
        .steps(TrainingTimes.intArgument(Arrays.asList(args), "steps", STEPS))
        .guidance(1)
        .seed(1);
    List<Double> seconds = new ArrayList<>();
    long[] last = {System.nanoTime()};
    long start = last[0];
    try (BaseModel base = open(args).offloading()) {
      base.generateAll(request, Run.of(event -> {
        if (event instanceof ProgressEvent.Step step && step.phase().equals("sample")) {
          seconds.add((System.nanoTime() - last[0]) / 1e9);
          last[0] = System.nanoTime();
        }
      }));
      System.out.printf(
          Locale.ROOT,
          "step %.2f image %.2f peak %d%n",
          seconds.stream().mapToDouble(s -> s).min().orElseThrow(),
          (System.nanoTime() - start) / 1e9,
          base.compute().memory().peak() >> 10);
    }
  }

  /** Opens {@code BASE DTYPE}, in 8 bits if the words ask for it. */
  static BaseModel open(String[] args) {
    Compute compute = Compute.of("cpu", args[1]);
    ModelFiles files = ModelFiles.of(Path.of(args[0]));
    return Arrays.asList(args).contains("eight-bits")
        ? BaseModel.open(files, compute, MemoryBudget.unlimited().allow8Bit(EightBits.WEIGHTS))
        : BaseModel.open(files, compute);
  }

  private static RgbImage noise(int side, int seed) {
    byte[] rgb = new byte[side * side * 3];
    new Random(seed).nextBytes(rgb);
    return RgbImage.of(side, side, rgb);
  }
}
