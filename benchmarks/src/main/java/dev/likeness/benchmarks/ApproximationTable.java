package dev.likeness.benchmarks;

import dev.likeness.diffusion.Approximation;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.GuidanceOptions;
import dev.likeness.diffusion.ImageRequest;
import dev.likeness.diffusion.model.MemoryPlan;
import dev.likeness.diffusion.model.ModelFiles;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.portrait.PortraitModel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What approximations cost in quality and gain in time: draws the same pictures of {@code portrait} exactly and with each,
 * in turns, and prints the share of the exact time (the median of the pictures') and the peak signal-to-noise ratio
 * against the exact pictures (mean and least, in dB; 255 at the peak).
 *
 * <p>Arguments: {@code [PICTURES [STEPS [WAYS]]]}, 8, 30 and all; a pattern for the names of those to be drawn.
 */
public final class ApproximationTable {
  private static final String[] PROMPTS = {
    "studio portrait of an old woman with red hair and glasses", "selfie of a young man with a beard in a park",
    "corporate headshot of a woman with curly black hair in an office", "portrait of a bald man in a blue shirt"
  };

  private static final String SMALL = "8-bit weights";

  private ApproximationTable() {}

  public static void main(String[] args) {
    int pictures = args.length > 0 ? Integer.parseInt(args[0]) : 8;
    int steps = args.length > 1 ? Integer.parseInt(args[1]) : 30;
    Pattern wanted = Pattern.compile(args.length > 2 ? "exact|" + args[2] : ".*");
    Map<String, List<Double>> times = new LinkedHashMap<>();
    Map<String, List<Double>> ratios = new LinkedHashMap<>();
    ModelFiles files = ModelFiles.open(PortraitModel.files());
    try (BaseModel base = BaseModel.open(files, Compute.best());
        BaseModel small = BaseModel.open(files, MemoryPlan.inEightBits(files, Compute.best()))) {
      List.of(base, small).forEach(model -> model.generate(ask(0, steps)));
      for (int i = 0; i < pictures; i++) {
        ImageRequest ask = ask(i, steps);
        byte[] exact = null;
        Map<String, ImageRequest> ways = ways(ask);
        ways.keySet().removeIf(way -> !wanted.matcher(way).find());
        for (Map.Entry<String, ImageRequest> way : ways.entrySet()) {
          long begun = System.nanoTime();
          GeneratedImage image = (way.getKey().startsWith(SMALL) ? small : base).generate(way.getValue());
          times.computeIfAbsent(way.getKey(), k -> new ArrayList<>()).add((System.nanoTime() - begun) / 1e9);
          exact = exact == null ? image.picture().rgb() : exact;
          ratios.computeIfAbsent(way.getKey(), k -> new ArrayList<>()).add(psnr(exact, image.picture().rgb()));
        }
      }
    }
    print(times, ratios);
  }

  /** By a sampler without noise: one that adds noise turns a small difference into another picture. */
  private static ImageRequest ask(int i, int steps) {
    return ImageRequest.of(PROMPTS[i % PROMPTS.length]).scheduler("DPM++ 2M Karras").steps(steps).guidance(4).seed(100 + i);
  }

  private static Map<String, ImageRequest> ways(ImageRequest ask) {
    Map<String, ImageRequest> ways = new LinkedHashMap<>();
    ways.put("exact", ask);
    for (int every = 2; every <= 5; every++) {
      ways.put("DeepCache every " + every, ask.approximation(Approximation.deepCache(every, 0)));
      ways.put("DeepCache every " + every + ", 1 layer more", ask.approximation(Approximation.deepCache(every, 1)));
      ways.put("deep forecast every " + every, ask.approximation(Approximation.deepForecast(every, 0)));
      ways.put("extrapolation every " + every, ask.approximation(Approximation.extrapolation(every)));
    }
    ways.put("a quarter of the tokens merged", ask.approximation(Approximation.NONE.merging(0.25)));
    ways.put("half of the tokens merged", ask.approximation(Approximation.NONE.merging(0.5)));
    ways.put("DeepCache every 3, half merged", ask.approximation(Approximation.deepCache(3, 0).merging(0.5)));
    ways.put("extrapolation every 4, half merged", ask.approximation(Approximation.extrapolation(4).merging(0.5)));
    ways.put(SMALL, ask);
    ways.put(SMALL + ", extrapolation every 4", ask.approximation(Approximation.extrapolation(4)));
    ImageRequest guidedFirst = ask.guidance(GuidanceOptions.STANDARD.between(0, 0.6));
    ways.put("guidance until 0.6", guidedFirst);
    ways.put("deep forecast every 3, guidance until 0.6", guidedFirst.approximation(Approximation.deepForecast(3, 0)));
    return ways;
  }

  private static void print(Map<String, List<Double>> times, Map<String, List<Double>> ratios) {
    double exact = median(times.get("exact"));
    times.forEach((way, seconds) -> System.out.printf(Locale.ROOT, "%-42s time %.2f  PSNR %.1f dB, least %.1f%n", way,
        median(seconds) / exact, ratios.get(way).stream().mapToDouble(r -> r).average().orElseThrow(),
        ratios.get(way).stream().mapToDouble(r -> r).min().orElseThrow()));
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }

  private static double psnr(byte[] a, byte[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      double d = (a[i] & 255) - (b[i] & 255);
      sum += d * d;
    }
    return sum == 0 ? Double.POSITIVE_INFINITY : 10 * Math.log10(255 * 255 / (sum / a.length));
  }
}
