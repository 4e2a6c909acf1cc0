package dev.likeness.portrait.training;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.photos.face.AlignmentTemplate;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.Point;
import dev.likeness.photos.face.SimilarityTransform;
import dev.likeness.photos.internal.embed.TorchEmbedder;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Portrait;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Aligned faces of rendered people, {@link #SHOTS} of each, as raw bytes in one file. Eyes and
 * mouth are not quite where they should be, as a detector's are not. Face {@code i} is of person
 * {@code i / SHOTS}; a face is made from its number alone, so a store that was cut short goes on
 * where it ended.
 */
final class FaceStore {
  static final int SHOTS = 4;
  /** Wider than an embedder's input by a rim that is cut off at random. */
  static final int SIDE = 120;

  /** These people are used for nothing else; each seed has as many of its own. */
  static final long FIRST_PERSON = 500_000_000L;

  private static final long PEOPLE_PER_SEED = 1_000_000;
  private static final long SEEDS = 200;
  private static final double ASTRAY = 0.05;
  private static final int BLOCK = 64;
  private static final int BYTES = SIDE * SIDE * 3;
  private static final int MOST = Integer.MAX_VALUE / BYTES / SHOTS;

  private final Path file;
  private final long seed;

  FaceStore(Path file, long seed) {
    this.file = file;
    this.seed = seed;
  }

  static void requireSeed(long seed) {
    if (seed < 0 || seed >= SEEDS) {
      throw new IllegalArgumentException("a seed of faces is 0 to " + (SEEDS - 1) + ", given "
          + seed + ": the people of others are used for something else");
    }
  }

  /**
   * Renders until {@code people} are there, on every core.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException when faces of another
   *     {@link Renderer#EDITION} are there
   * @throws IllegalArgumentException when they are more than an array of bytes holds, which is
   *     where they are learnt from
   */
  void fill(int people, IntConsumer progress) {
    if (people > MOST) {
      throw new IllegalArgumentException(
          "faces of " + people + " people; at most of " + MOST + " are learnt from");
    }
    Path folder = file.toAbsolutePath().getParent();
    WorkStamp.require(folder, "edition", Renderer.EDITION, Files.exists(file));
    int count = people * SHOTS;
    try {
      Files.createDirectories(folder);
      append(count, progress);
    } catch (IOException e) {
      throw new ResourceLimitException("cannot write faces to " + file + ": " + e.getMessage(), e);
    }
  }

  private void append(int count, IntConsumer progress) throws IOException {
    try (FileChannel out =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      int done = (int) (out.size() / BYTES);
      while (done < count) {
        int first = done;
        List<byte[]> block = IntStream.range(0, Math.min(BLOCK, count - done))
            .parallel()
            .mapToObj(i -> face(first + i))
            .toList();
        out.position((long) done * BYTES);
        for (byte[] face : block) {
          out.write(ByteBuffer.wrap(face));
        }
        done += block.size();
        progress.accept(done);
      }
    }
  }

  /** All faces, one after the other, rows from the top, red first. */
  byte[] faces() {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Those of {@code faces} at {@code chosen}, each cut at random to an embedder's size, [n, 3, 112,
   * 112] in -1..1.
   */
  static Tensor cut(byte[] faces, int[] chosen, Random random) {
    int side = TorchEmbedder.FaceNetwork.SIDE;
    byte[] bytes = new byte[chosen.length * side * side * 3];
    for (int i = 0; i < chosen.length; i++) {
      int x = random.nextInt(SIDE - side + 1);
      int y = random.nextInt(SIDE - side + 1);
      for (int row = 0; row < side; row++) {
        int from = ((chosen[i] * SIDE + y + row) * SIDE + x) * 3;
        System.arraycopy(faces, from, bytes, (i * side + row) * side * 3, side * 3);
      }
    }
    Tensor pixels =
        torch.tensor(bytes, new TensorOptions(ScalarType.Byte)).view(chosen.length, side, side, 3);
    return ImageTensors.toSigned(pixels);
  }

  private byte[] face(long index) {
    Random random = new Random((seed * PEOPLE_PER_SEED * SHOTS + index) * 0x9E3779B97F4A7C15L);
    Shot shot = random.nextBoolean() ? Shot.headshot(random) : Shot.selfie(random);
    Portrait portrait = Renderer.render(person(index), shot, Architecture.PIXELS);
    return aligned(portrait, random).rgb();
  }

  /** Whose face it is. */
  Person person(long index) {
    return Person.random(FIRST_PERSON + seed * PEOPLE_PER_SEED + index / SHOTS);
  }

  static RgbImage aligned(Portrait portrait, Random random) {
    List<Point> wanted = template();
    double unit = wanted.get(0).distance(wanted.get(1)) * ASTRAY;
    List<Point> astray = wanted.stream()
        .map(p -> p.moved(random.nextGaussian() * unit, random.nextGaussian() * unit))
        .toList();
    return SimilarityTransform.fit(points(portrait.landmarks()), astray)
        .warp(portrait.image(), SIDE);
  }

  private static List<Point> template() {
    double rim = (SIDE - AlignmentTemplate.ARCFACE.size()) / 2.0;
    return AlignmentTemplate.ARCFACE.landmarks().mapped(1, rim, rim).points();
  }

  private static List<Point> points(float[] xy) {
    return new Face.Landmarks(
            new Point(xy[0], xy[1]),
            new Point(xy[2], xy[3]),
            new Point(xy[4], xy[5]),
            new Point(xy[6], xy[7]),
            new Point(xy[8], xy[9]))
        .points();
  }
}
