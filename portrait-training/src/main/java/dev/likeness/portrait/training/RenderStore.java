package dev.likeness.portrait.training;

import dev.likeness.diffusion.error.MachineLimit;
import dev.likeness.diffusion.image.Picture;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.LongFunction;
import java.util.stream.IntStream;

/**
 * Rendered pictures and their captions on disk: raw bytes in one file, a line of captions for each in another. A render
 * is made from its number alone, so a store that was cut short goes on where it ended.
 */
final class RenderStore {
  /** One picture and the ways to describe it. */
  record Sample(Picture picture, List<String> captions) { }

  private static final int STRIDE = Architecture.PIXELS * Architecture.PIXELS * 3;
  private static final int BLOCK = 64;

  private final Path pixels;
  private final Path captions;

  RenderStore(Path folder) {
    pixels = folder.resolve("renders.rgb");
    captions = folder.resolve("captions.txt");
  }

  /** Renders until {@code count} are there, on every core. */
  void fill(int count, LongFunction<Sample> source, IntConsumer progress) {
    try {
      Files.createDirectories(pixels.toAbsolutePath().getParent());
      int done = repaired();
      while (done < count) {
        int first = done;
        List<Sample> block = IntStream.range(0, Math.min(BLOCK, count - done)).parallel()
            .mapToObj(i -> source.apply(first + i)).toList();
        append(block);
        done += block.size();
        progress.accept(done);
      }
    } catch (IOException e) {
      throw new MachineLimit("cannot write renders to " + pixels + ": " + e.getMessage(), e);
    }
  }

  private void append(List<Sample> block) throws IOException {
    StringBuilder lines = new StringBuilder();
    try (FileChannel out = FileChannel.open(pixels, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      for (Sample sample : block) {
        out.write(ByteBuffer.wrap(sample.picture().rgb()));
        lines.append(String.join("\t", sample.captions())).append('\n');
      }
    }
    Files.writeString(captions, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  /** How many whole renders are there, after cutting what a kill left half written. */
  private int repaired() throws IOException {
    if (!Files.exists(pixels) || !Files.exists(captions)) {
      Files.deleteIfExists(pixels);
      Files.deleteIfExists(captions);
      return 0;
    }
    List<String> lines = Files.readAllLines(captions);
    int whole = (int) Math.min(lines.size(), Files.size(pixels) / STRIDE);
    try (FileChannel out = FileChannel.open(pixels, StandardOpenOption.WRITE)) {
      out.truncate((long) whole * STRIDE);
    }
    Files.write(captions, lines.subList(0, whole));
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

  /** One picture. */
  Picture picture(int index) {
    ByteBuffer bytes = ByteBuffer.allocate(STRIDE);
    try (FileChannel in = FileChannel.open(pixels, StandardOpenOption.READ)) {
      while (bytes.hasRemaining() && in.read(bytes, (long) index * STRIDE + bytes.position()) >= 0) {
        continue;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Picture.of(Architecture.PIXELS, Architecture.PIXELS, bytes.array());
  }

  /** The captions of every picture, in order. */
  List<List<String>> captions() {
    List<List<String>> all = new ArrayList<>();
    try (var lines = Files.lines(captions, StandardCharsets.UTF_8)) {
      lines.forEach(line -> all.add(List.of(line.split("\t"))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return all;
  }
}
