package dev.likeness.photos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.fuzz.ForkedFuzz;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.decode.PhotoDecoder;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Changed photos of every format end in an image or in a typed refusal, soon. They are decoded in
 * other processes, which a crash of native code would end.
 */
class PhotoMutationsTest {
  private static final Path SEEDS =
      Path.of("src/test/resources/dev/likeness/photos/IntakeFuzzTestInputs/anyBytesGetOneVerdict");

  @Test
  void threeHundredChangedPhotos() throws IOException, InterruptedException {
    ForkedFuzz.run(Photos.class, 0, 300, 0.05, 0.05);
  }

  @Test
  @Tag("slow")
  void fiveThousandChangedPhotos() throws IOException, InterruptedException {
    ForkedFuzz.run(Photos.class, 300, 5300, 0.05, 0.05);
  }

  /** A changed photo, for each seed. */
  static final class Photos implements ForkedFuzz.Cases {
    private static final long MUCH = 512L << 20;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private List<byte[]> seeds;

    @Override
    public void open(Path folder) throws IOException {
      seeds = seeds();
    }

    @Override
    public boolean used(int seed) {
      byte[] file = changed(seeds.get(seed % seeds.size()), seeds, new Random(seed));
      long before = THREADS.getCurrentThreadAllocatedBytes();
      boolean decoded = decodes(file);
      long bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
      assertTrue(bytes <= MUCH, bytes + " bytes were allocated");
      return decoded;
    }

    private static boolean decodes(byte[] file) {
      try {
        PhotoDecoder decoder = new PhotoDecoder(DecodeLimits.DEFAULT.withoutPrograms());
        decoder.decode("photo", file);
        RgbImage.read("image", file);
        return true;
      } catch (InvalidInputException typed) {
        assertEquals(1, typed.getMessage().lines().count(), typed.getMessage());
        return false;
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
