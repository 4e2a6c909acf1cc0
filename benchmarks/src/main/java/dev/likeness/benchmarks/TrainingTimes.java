package dev.likeness.benchmarks;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.lora.DreamBooth;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.LoraTargets;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingMemory;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.lora.training.ValidationOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Seconds of a training step (rank 4, attention, one image of noise) on a base of any size: the
 * fastest step after the first. Also the peak of resident memory, beside the estimate of
 * {@code LoraTrainer.memory}, and how many numbers the LoRA has. Prints {@code seconds SECONDS peak
 * KILOBYTES estimate KILOBYTES trained NUMBERS}; {@code tools/real_size/lora.sh} prints diffusers'
 * figures beside these.
 *
 * <p>Arguments: {@code BASE DTYPE SIDE [recompute] [whole] [watch] [eight-bits] [rankN] [stepsN]};
 * {@code whole} trains every weight ({@link DreamBooth}), {@code watch} validates with an image
 * after every step, each better than the one before, {@code eight-bits} keeps the frozen base in 8
 * bits. With one step, that step counts.
 */
public final class TrainingTimes {
  private static final int STEPS = 4;
  private static final int RANK = 4;

  private TrainingTimes() {}

  public static void main(String[] args) throws Exception {
    int side = Integer.parseInt(args[2]);
    byte[] noise = new byte[side * side * 3];
    new Random(1).nextBytes(noise);
    List<String> words = Arrays.asList(args).subList(3, args.length);
    boolean watch = words.contains("watch");
    TrainingSet set = set(RgbImage.of(side, side, noise), watch);
    TrainingSettings training = TrainingSettings.quick()
        .steps(intArgument(words, "steps", STEPS))
        .rank(intArgument(words, "rank", RANK))
        .batchSize(1)
        .targets(LoraTargets.ATTENTION)
        .captions("%s")
        .trainTextEncoder(false)
        .gradientCheckpointing(words.contains("recompute"));
    DreamBooth whole = new DreamBooth(training);
    boolean all = words.contains("whole");
    List<Double> seconds = new ArrayList<>();
    Progress clock = timeSteps(seconds);
    try (BaseModel base = ReferenceTimes.open(args)) {
      TrainingMemory told = all
          ? whole.estimateMemory(base, side, side, watch)
          : new LoraTrainer(training).memory(base, side, side, watch);
      String trained = "";
      if (all) {
        whole.train(base, set, Run.of(clock)).close();
      } else {
        try (LoraPerson person = new LoraTrainer(training).train(base, set, Run.of(clock))) {
          trained = " trained " + numbers(person);
        }
      }
      System.out.printf(
          Locale.ROOT,
          "seconds %.2f peak %d estimate %d%s%n",
          seconds.stream()
              .skip(Math.min(1, seconds.size() - 1))
              .mapToDouble(s -> s)
              .min()
              .orElseThrow(),
          base.compute().memory().peak() >> 10,
          told.bytes() >> 10,
          trained);
    }
  }

  /** The numbers of a LoRA's factors, by the file that has them. */
  private static long numbers(LoraPerson person) throws IOException {
    Path file = Files.createTempFile("person", ".safetensors");
    try {
      person.save(file);
      return SafetensorsHeader.read(file).tensors().entrySet().stream()
          .filter(tensor -> tensor.getKey().contains("lora_"))
          .mapToLong(tensor -> tensor.getValue().shape().stream().reduce(1L, (a, b) -> a * b))
          .sum();
    } finally {
      Files.delete(file);
    }
  }

  private static TrainingSet set(RgbImage image, boolean watch) {
    TrainingSet set = TrainingSet.of(List.of(image), PersonToken.of("man"));
    ImageRequest request =
        ImageRequest.of("photo of %s").size(image.width(), image.height()).steps(2);
    int[] looks = {0};
    return watch ? set.validation(new ValidationOptions(1, request, images -> looks[0]++, 0)) : set;
  }

  private static Progress timeSteps(List<Double> seconds) {
    long[] last = {System.nanoTime()};
    return event -> {
      if (event instanceof ProgressEvent.Step step && step.phase().equals("train")) {
        seconds.add((System.nanoTime() - last[0]) / 1e9);
      }
      last[0] = System.nanoTime();
    };
  }

  static int intArgument(List<String> words, String name, int usual) {
    return words.stream()
        .filter(word -> word.startsWith(name))
        .findFirst()
        .map(word -> Integer.parseInt(word.substring(name.length())))
        .orElse(usual);
  }
}
