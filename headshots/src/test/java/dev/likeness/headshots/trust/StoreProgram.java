package dev.likeness.headshots.trust;

import dev.likeness.diffusion.io.AtomicFile;
import dev.likeness.headshots.Consent;
import dev.likeness.headshots.trust.key.KeyWrapping;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** A program that does things to a store until it is killed: takes persons in, learns, draws, erases. */
final class StoreProgram {
  private StoreProgram() {}

  /** Arguments: the store, its key, a seed. */
  public static void main(String[] args) {
    Random random = new Random(Long.parseLong(args[2]));
    try (SubjectStore store = SubjectStore.open(Path.of(args[0]), KeyWrapping.file(Path.of(args[1])))) {
      System.out.println("open");
      while (true) {
        List<Subject> all = store.subjects();
        if (all.size() < 3) {
          store.create(Consent.of("yes"));
          continue;
        }
        Subject subject = all.get(random.nextInt(all.size()));
        switch (random.nextInt(5)) {
          case 0 -> {
            System.out.println("erasing " + subject.id());
            subject.erase();
            System.out.println("erased " + subject.id());
          }
          case 1 -> subject.purposeMet();
          default -> write(subject, Holding.values()[random.nextInt(4)], random);
        }
      }
    }
  }

  /** A file whose content is one number over and over: any other content is a torn one. */
  static void write(Subject subject, Holding holding, Random random) {
    byte[] content = new byte[1 + random.nextInt(200_000)];
    Arrays.fill(content, (byte) random.nextInt(256));
    Path file = subject.folder(holding).resolve("file-" + random.nextInt(3));
    AtomicFile.write(file, out -> out.write(content));
  }
}
