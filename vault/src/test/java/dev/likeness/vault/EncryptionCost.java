package dev.likeness.vault;

import com.sun.management.OperatingSystemMXBean;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;

/**
 * What encryption costs a headshot run in processor time: the files of one (ten photos, twelve
 * states of training, the person, four images) written and, but for the states, read again, in a
 * plain folder and in a store by turns. The first pair has the ciphers that the JVM has not
 * compiled yet, as a run has.
 */
final class EncryptionCost {
  private static final int PHOTOS = 10;
  private static final int PHOTO = 2_000_000;
  private static final int STATES = 12;
  private static final int STATE = 14 << 20;
  private static final int PERSON = 5 << 20;
  private static final int IMAGES = 4;
  private static final int IMAGE_BYTES = 200_000;

  private EncryptionCost() {}

  /** Arguments: a new folder, and how many pairs. */
  public static void main(String[] args) throws IOException {
    Path folder = Files.createDirectories(Path.of(args[0]));
    try (SubjectStore store =
        SubjectStore.open(folder.resolve("store"), WrappingKey.createFile(folder.resolve("key")))) {
      for (int pair = 0; pair < Integer.parseInt(args[1]); pair++) {
        Subject subject = store.create(Consent.of("measured"));
        double encrypted = measure(
            subject.folder(DataCategory.PHOTOS), subject.folder(DataCategory.TRAINING_STATES));
        double plain = measure(folder.resolve("plain"), folder.resolve("plain"));
        subject.erase();
        System.out.printf(
            Locale.ROOT,
            "plain %.2f s, encrypted %.2f s, difference %.2f s%n",
            plain,
            encrypted,
            encrypted - plain);
      }
    }
  }

  private static double measure(Path photos, Path work) throws IOException {
    byte[] bytes = new byte[STATE];
    new Random(1).nextBytes(bytes);
    OperatingSystemMXBean machine =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long before = machine.getProcessCpuTime();
    for (int i = 0; i < PHOTOS; i++) {
      writeAndRead(photos.resolve("photo-" + i), bytes, PHOTO);
    }
    for (int i = 0; i < STATES; i++) {
      AtomicFile.write(work.resolve("state"), out -> out.write(bytes));
    }
    writeAndRead(work.resolve("person"), bytes, PERSON);
    for (int i = 0; i < IMAGES; i++) {
      writeAndRead(work.resolve("picture-" + i), bytes, IMAGE_BYTES);
    }
    return (machine.getProcessCpuTime() - before) / 1e9;
  }

  private static void writeAndRead(Path file, byte[] bytes, int size) throws IOException {
    AtomicFile.write(file, out -> out.write(bytes, 0, size));
    if (Files.readAllBytes(file).length != size) {
      throw new IOException(file + " came back shorter");
    }
  }
}
