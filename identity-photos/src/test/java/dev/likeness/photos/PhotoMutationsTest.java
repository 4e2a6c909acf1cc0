package dev.likeness.photos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.decode.PhotoDecoder;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Changed photos of every format end in an image or in a typed refusal, soon. They are decoded in
 * another process, which a crash of native code would end.
 */
class PhotoMutationsTest {
  private static final Path SEEDS =
      Path.of("src/test/resources/dev/likeness/photos/IntakeFuzzTestInputs/anyBytesGetOneVerdict");

  @Test
  void threeHundredChangedPhotos() throws IOException, InterruptedException {
    decodeInAnotherProcess(0, 300);
  }

  @Test
  @Tag("slow")
  void fiveThousandChangedPhotos() throws IOException, InterruptedException {
    decodeInAnotherProcess(300, 5300);
  }

  private static void decodeInAnotherProcess(int from, int to)
      throws IOException, InterruptedException {
    Process worker = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx768m",
            "-cp",
            System.getProperty("java.class.path"),
            Worker.class.getName(),
            String.valueOf(from),
            String.valueOf(to))
        .redirectErrorStream(true)
        .start();
    String said = new String(worker.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(worker.waitFor(60, TimeUnit.SECONDS), said);
    assertEquals(0, worker.exitValue(), said);
    assertTrue(said.contains("done " + (to - from)), said);
  }

  /** Decodes the changed photos of a range of seeds and prints those that end badly. */
  static final class Worker {
    private static final long SOON_NANOS = 10_000_000_000L;
    private static final long MUCH = 512L << 20;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private Worker() {}

    public static void main(String[] range) throws IOException {
      List<byte[]> seeds = seeds();
      int wrong = 0;
      int images = 0;
      int last = Integer.parseInt(range[1]);
      int first = Integer.parseInt(range[0]);
      for (int i = first; i < last; i++) {
        byte[] file = changed(seeds.get(i % seeds.size()), seeds, new Random(i));
        long began = THREADS.getCurrentThreadCpuTime();
        long before = THREADS.getCurrentThreadAllocatedBytes();
        String fault = decode(file);
        images += fault.isEmpty() ? 1 : 0;
        long nanos = THREADS.getCurrentThreadCpuTime() - began;
        long bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
        if (fault.startsWith("!") || nanos > SOON_NANOS || bytes > MUCH) {
          wrong++;
          System.out.println(
              "seed " + i + ": " + fault + ", " + nanos + " ns, " + bytes + " bytes");
        }
      }
      // If nothing were decoded, or nothing refused, the changes would test nothing.
      boolean both = images > (last - first) / 20 && images < (last - first) * 19 / 20;
      System.out.println("done " + (last - first) + ", of these images: " + images);
      System.exit(wrong == 0 && both ? 0 : 1);
    }

    /** Returns an empty text for an image, and one that starts with "!" for an untyped failure. */
    private static String decode(byte[] file) {
      try {
        PhotoDecoder decoder = new PhotoDecoder(DecodeLimits.DEFAULT.withoutPrograms());
        decoder.decode("photo", file);
        RgbImage.read("image", file);
        return "";
      } catch (InvalidInputException typed) {
        return typed.getMessage().lines().count() == 1 ? "refused" : "!" + typed.getMessage();
      } catch (Throwable untyped) {
        return "!" + untyped;
      }
    }

    private static List<byte[]> seeds() throws IOException {
      try (Stream<Path> files = Files.list(SEEDS)) {
        return files
            .sorted()
            .map(file -> {
              try {
                return Files.readAllBytes(file);
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            })
            .filter(bytes -> bytes.length > 30)
            .toList();
      }
    }

    /** Flips bytes, writes wild sizes, repeats, cuts and joins parts: mostly near the headers. */
    private static byte[] changed(byte[] seed, List<byte[]> seeds, Random random) {
      byte[] file = seed.clone();
      for (int n = random.nextInt(4); n >= 0; n--) {
        int reach = random.nextBoolean() ? Math.min(200, file.length) : file.length;
        int at = random.nextInt(reach);
        switch (random.nextInt(6)) {
          case 0 -> file[at] = (byte) random.nextInt(256);
          case 1 -> file[at] ^= (byte) (1 << random.nextInt(8));
          case 2 -> {
            int[] wild = {0, -1, 0x7fffffff, 0x10000, 0xffff, 1, 100_000};
            if (at + 4 <= file.length) {
              ByteBuffer.wrap(file).putInt(at, wild[random.nextInt(wild.length)]);
            }
          }
          case 3 -> {
            int length = random.nextInt(Math.min(2000, file.length - at)) + 1;
            file = join(file, at + length, file, at);
          }
          case 4 -> file = Arrays.copyOf(file, Math.max(31, at));
          default -> {
            byte[] other = seeds.get(random.nextInt(seeds.size()));
            file = join(file, at, other, random.nextInt(other.length));
          }
        }
      }
      return file;
    }

    /** The first bytes of one file, and what follows a position in another. */
    private static byte[] join(byte[] head, int length, byte[] tail, int from) {
      byte[] out = Arrays.copyOf(head, Math.max(31, length + tail.length - from));
      System.arraycopy(tail, from, out, length, tail.length - from);
      return out;
    }
  }
}
