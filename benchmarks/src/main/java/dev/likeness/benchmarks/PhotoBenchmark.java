package dev.likeness.benchmarks;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.decode.PhotoDecoder;
import dev.likeness.photos.embed.EmbedderSpec;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.OnnxEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.AlignmentTemplate;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What do decoding, detecting and embedding cost for one selfie of 12 megapixels? Run from the
 * project's folder; {@code -Dlikeness.photo=FILE} gives another selfie,
 * {@code -Dlikeness.embedder=FILE} the network, without which embedding is left out. Baselines:
 * ImageIO's own decoding, the reduction that detection begins with, the alignment that embedding
 * begins with.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 2)
@Fork(value = 1, jvmArgsAppend = "-Djava.awt.headless=true")
public class PhotoBenchmark {
  private final PhotoDecoder decoder = new PhotoDecoder(DecodeLimits.DEFAULT);
  private byte[] file;
  private RgbImage image;
  private Face face;
  private FaceDetector detector;
  private FaceEmbedder embedder;

  @Setup
  public void open() throws IOException {
    Path selfie = Path.of(
        System.getProperty("likeness.photo", "examples/photos/person-5000000002/selfie-01.jpg"));
    RgbImage small = decoder.decode("selfie", Files.readAllBytes(selfie)).image();
    BufferedImage large = Resampler.CUBIC.resize(small, 4000, 3000).toBufferedImage();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(large, "jpeg", bytes);
    file = bytes.toByteArray();
    image = decoder.decode("selfie", file).image();
    detector = new CascadeDetector();
    face = detector.detect(image).get(0);
    String given = System.getProperty("likeness.embedder");
    embedder = given == null
        ? null
        : OnnxEmbedder.open(
            Path.of(given), EmbedderSpec.of(Path.of(given)), UsePolicy.NON_COMMERCIAL);
  }

  @TearDown
  public void close() {
    detector.close();
    if (embedder != null) {
      embedder.close();
    }
  }

  @Benchmark
  public BufferedImage decodeBaseline() throws IOException {
    return ImageIO.read(new ByteArrayInputStream(file));
  }

  @Benchmark
  public Object decode() {
    return decoder.decode("selfie", file);
  }

  @Benchmark
  public RgbImage detectBaseline() {
    return Resampler.AREA.fit(image, 640);
  }

  @Benchmark
  public List<Face> detect() {
    return detector.detect(image);
  }

  @Benchmark
  public RgbImage embedBaseline() {
    return AlignmentTemplate.ARCFACE.align(image, face);
  }

  @Benchmark
  public float[] embed() {
    if (embedder == null) {
      throw new IllegalStateException("no embedder; give -jvmArgsAppend -Dlikeness.embedder=FILE");
    }
    return embedder.embed(image, face);
  }
}
