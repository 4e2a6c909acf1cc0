package dev.likeness.diffusion.internal.file.pickle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ZipEntriesTest {
  private static final String AGAIN =
      "; the file is damaged or is not a checkpoint: download it again, or give another file";
  private static final int FIRST_NAME = 30;

  @TempDir
  private Path folder;

  @Test
  void findsWhereEachEntryLies() throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("a", new byte[] {1, 2, 3});
    entries.put("folder/ä", new byte[0]);
    entries.put("b", new byte[] {4});
    byte[] bytes = Files.readAllBytes(CraftedPickle.zip(folder, entries));
    Map<String, ZipEntries.ByteRange> found = read(CraftedPickle.write(folder, bytes));
    assertEquals(List.of("a", "folder/ä", "b"), List.copyOf(found.keySet()));
    assertEquals(3, found.get("a").length());
    assertEquals(2, bytes[(int) found.get("a").start() + 1]);
    assertEquals(4, bytes[(int) found.get("b").start()]);
  }

  @Test
  void refusesFilesCutAtAnyByte() throws IOException {
    byte[] whole = Files.readAllBytes(two());
    for (int length = 0; length < whole.length; length++) {
      Path file = CraftedPickle.write(folder, Arrays.copyOf(whole, length));
      assertThrows(InvalidInputException.class, () -> read(file), length + " bytes");
    }
  }

  @Test
  void refusesCompressedEntries() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.putNextEntry(new ZipEntry("a"));
      zip.write(new byte[100]);
    }
    Path file = CraftedPickle.write(folder, bytes.toByteArray());
    String message = assertThrows(InvalidInputException.class, () -> read(file)).getMessage();
    assertEquals(
        ": the entry \"a\" is compressed, but PyTorch writes entries uncompressed" + AGAIN,
        message.substring(message.indexOf(": the")));
  }

  @Test
  void refusesEntriesThatAreDescribedInTwoWays() {
    refused(
        "the entry \"a\" differs from its description in the zip directory",
        zip -> zip.put(FIRST_NAME, (byte) 'x'));
    refused(
        "the entry \"a\" differs from its description in the zip directory",
        zip -> zip.putInt(22, 2));
    refused(
        "the entry \"a\" differs from its description in the zip directory",
        zip -> zip.putShort(8, (short) 8));
    refused(
        "the entry \"a\" is not at the position that the zip directory gives",
        zip -> zip.putInt(0, 0));
    refused("the entry \"a\" is encrypted", zip -> zip.putShort(directory(zip) + 8, (short) 1));
    refused("the entry \"a\" occurs twice", zip -> {
      zip.put(directory(zip) + 46 + 1 + 46, (byte) 'a');
      zip.put(FIRST_NAME + 1 + 3 + FIRST_NAME, (byte) 'a');
    });
    refused("two entries overlap", zip -> {
      zip.putInt(directory(zip) + 20, 35).putInt(directory(zip) + 24, 35);
      zip.putInt(18, 35).putInt(22, 35);
    });
    refused("the entry \"a\" is longer than the file", zip -> {
      zip.putInt(directory(zip) + 20, 999).putInt(directory(zip) + 24, 999);
      zip.putInt(18, 999).putInt(22, 999);
    });
    refused(
        "the zip directory lies outside the file", zip -> zip.putInt(zip.limit() - 6, zip.limit()));
  }

  private Path two() {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("a", new byte[3]);
    entries.put("b", new byte[5]);
    return CraftedPickle.zip(folder, entries);
  }

  private static int directory(ByteBuffer zip) {
    return zip.getInt(zip.limit() - 6);
  }

  private void refused(String problem, Consumer<ByteBuffer> damage) {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(two());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    damage.accept(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
    Path file = CraftedPickle.write(folder, bytes);
    String message = assertThrows(InvalidInputException.class, () -> read(file)).getMessage();
    assertEquals(": " + problem + AGAIN, message.substring(message.indexOf(": ")));
  }

  private static Map<String, ZipEntries.ByteRange> read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      return ZipEntries.read(channel, file.toString(), channel.size());
    }
  }
}
