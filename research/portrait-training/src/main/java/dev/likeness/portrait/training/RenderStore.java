package dev.likeness.portrait.training;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.portrait.people.Renderer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.LongFunction;
import java.util.stream.IntStream;

/**
 * Rendered images on disk, raw bytes in one file. A render is made from its number alone, so a
 * store that was cut short goes on where it ended.
 */
final class RenderStore {
  private static final int STRIDE = Architecture.PIXELS * Architecture.PIXELS * 3;
  private static final int BLOCK = 64;

  private final Path folder;
  private final Path pixels;

  RenderStore(Path folder) {
    this.folder = folder;
    pixels = folder.resolve("renders.rgb");
  }

  /**
   * Renders until {@code count} are there, on every core.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException when images of another
   *     {@link Renderer#EDITION} are there: what is known of them would be untrue
   */
  void fill(int count, LongFunction<RgbImage> source, IntConsumer progress) {
    WorkStamp.require(folder, "edition", Renderer.EDITION, size() > 0);
    try {
      Files.createDirectories(pixels.toAbsolutePath().getParent());
      int done = repaired();
      while (done < count) {
        int first = done;
        List<RgbImage> block = IntStream.range(0, Math.min(BLOCK, count - done))
            .parallel()
            .mapToObj(i -> source.apply(first + i))
            .toList();
        append(block);
        done += block.size();
        progress.accept(done);
      }
    } catch (IOException e) {
      throw new ResourceLimitException(
          "cannot write renders to " + pixels + ": " + e.getMessage(), e);
    }
  }

  private void append(List<RgbImage> block) throws IOException {
    try (FileChannel out =
        FileChannel.open(pixels, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      for (RgbImage image : block) {
        out.write(ByteBuffer.wrap(image.rgb()));
      }
    }
  }

  /** How many whole renders are there, after cutting what a kill left half written. */
  private int repaired() throws IOException {
    int whole = size();
    if (whole > 0) {
      try (FileChannel out = FileChannel.open(pixels, StandardOpenOption.WRITE)) {
        out.truncate((long) whole * STRIDE);
      }
    }
    return whole;
  }

  /** How many renders there are. */
  int size() {
    try {
      return Files.exists(pixels) ? (int) (Files.size(pixels) / STRIDE) : 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One image. */
  RgbImage image(int index) {
    ByteBuffer bytes = ByteBuffer.allocate(STRIDE);
    try (FileChannel in = FileChannel.open(pixels, StandardOpenOption.READ)) {
      while (bytes.hasRemaining()
          && in.read(bytes, (long) index * STRIDE + bytes.position()) >= 0) {
        continue;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return RgbImage.of(Architecture.PIXELS, Architecture.PIXELS, bytes.array());
  }
}
