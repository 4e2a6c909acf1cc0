package dev.likeness.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.internal.embed.TorchEmbedder;
import dev.likeness.portrait.PortraitModel;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.regex.Pattern;
import java.util.stream.DoubleStream;

/**
 * What approximations cost in quality and gain in time: draws the same images of a base exactly and
 * with each, in turns. Prints for each the share of the exact time by the clock and of the exact
 * processor time (medians of the images), the peak signal-to-noise ratio against the exact images
 * (mean and least, in dB) and how like the exact image's person the one in it is (mean and least
 * cosine by the base's own face embedder), beside the likeness of images of other seeds.
 *
 * <p>Arguments: {@code [PICTURES [STEPS [WAYS [BASE]]]]}, 8, 30, all and {@code portrait}; WAYS is
 * a pattern for the names of those to be drawn.
 */
public final class CachingTable {
  private static final String[] PROMPTS = {
    "studio portrait of an old woman with red hair and glasses",
        "selfie of a young man with a beard in a park",
    "corporate headshot of a woman with curly black hair in an office",
        "portrait of a bald man in a blue shirt"
  };

  private final Map<String, List<Measurement>> rows = new LinkedHashMap<>();
  private final FaceDetector detector;
  private final FaceEmbedder embedder;

  private CachingTable(FaceDetector detector, FaceEmbedder embedder) {
    this.detector = detector;
    this.embedder = embedder;
  }

  /** One image: by the clock and by processors, in seconds, and how near it is. */
  private record Measurement(double seconds, double cpuSeconds, Closeness closeness) {}

  public static void main(String[] args) {
    int images = args.length > 0 ? Integer.parseInt(args[0]) : 8;
    int steps = args.length > 1 ? Integer.parseInt(args[1]) : 30;
    Pattern wanted =
        Pattern.compile(args.length > 2 ? CachingVariants.EXACT + "|" + args[2] : ".*");
    Path folder = args.length > 3 ? Path.of(args[3]) : PortraitModel.files();
    try (CachingVariants ways = CachingVariants.of(folder, Compute.best());
        CascadeDetector detector = new CascadeDetector();
        TorchEmbedder embedder = TorchEmbedder.findIn(folder).orElse(null)) {
      CachingTable table = new CachingTable(detector, embedder);
      Map<String, CachingVariants.Variant> drawn = ways.matching(wanted);
      drawn.values().stream()
          .map(CachingVariants.Variant::model)
          .distinct()
          .forEach(model -> model.generate(request(0, 2, ways.sampler())));
      Closeness.Reference other = null;
      for (int i = 0; i < images; i++) {
        other = table.measure(request(i, steps, ways.sampler()), drawn, other);
      }
      table.print();
    }
  }

  private static ImageRequest request(int i, int steps, String sampler) {
    return ImageRequest.of(PROMPTS[i % PROMPTS.length])
        .scheduler(sampler)
        .steps(steps)
        .guidance(4)
        .seed(100 + i);
  }

  private Closeness.Reference measure(
      ImageRequest request, Map<String, CachingVariants.Variant> ways, Closeness.Reference other) {
    Closeness.Reference exact = null;
    for (Map.Entry<String, CachingVariants.Variant> way : ways.entrySet()) {
      ImageRequest asked = way.getValue().configure().apply(request);
      BaseModel model = way.getValue().model();
      long begun = System.nanoTime();
      long before = cpuTime();
      RgbImage image = model.generate(asked).image();
      double spent = (cpuTime() - before) / 1e9;
      double seconds = (System.nanoTime() - begun) / 1e9;
      if (exact == null) {
        exact = new Closeness.Reference(image, detector, embedder);
        if (other != null) {
          row("another seed", new Measurement(seconds, spent, other.compareTo(exact)));
        }
      }
      row(way.getKey(), new Measurement(seconds, spent, exact.compareTo(image)));
    }
    return exact;
  }

  private void row(String name, Measurement measured) {
    rows.computeIfAbsent(name, k -> new ArrayList<>()).add(measured);
  }

  private void print() {
    double seconds = median(rows.get(CachingVariants.EXACT), Measurement::seconds);
    double processor = median(rows.get(CachingVariants.EXACT), Measurement::cpuSeconds);
    rows.forEach((way, found) -> System.out.printf(
        Locale.ROOT,
        "%-42s time %.2f  processor %.2f  PSNR %.1f dB, least %.1f  likeness of %d %.3f, least %.3f%n",
        way,
        median(found, Measurement::seconds) / seconds,
        median(found, Measurement::cpuSeconds) / processor,
        found.stream().mapToDouble(m -> m.closeness().psnr()).average().orElseThrow(),
        found.stream().mapToDouble(m -> m.closeness().psnr()).min().orElseThrow(),
        likeness(found).count(),
        likeness(found).average().orElse(Double.NaN),
        likeness(found).min().orElse(Double.NaN)));
  }

  /** Of the images in which a face was found. */
  private static DoubleStream likeness(List<Measurement> of) {
    return of.stream().mapToDouble(m -> m.closeness().likeness()).filter(l -> !Double.isNaN(l));
  }

  private static double median(List<Measurement> of, ToDoubleFunction<Measurement> value) {
    return of.stream()
        .mapToDouble(value)
        .sorted()
        .skip(of.size() / 2)
        .findFirst()
        .orElseThrow();
  }

  private static long cpuTime() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }
}
