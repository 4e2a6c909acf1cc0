package dev.likeness.headshots.trust;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Whether everything of a subject can be read. */
final class SubjectCheck {
  private SubjectCheck() {}

  static List<String> problems(Subject subject) {
    List<String> problems = new ArrayList<>();
    // Opening a folder discards what a killed process was about to put in place, which must not be counted.
    subject.counts().forEach((holding, count) -> {
      if (count > 0) {
        subject.folder(holding);
      }
    });
    Map<Holding, Integer> counts = subject.counts();
    for (Holding holding : Holding.values()) {
      if (counts.get(holding) > 0) {
        int readable = readable(subject, holding);
        if (readable < counts.get(holding)) {
          problems.add(subject + ": " + (counts.get(holding) - readable) + " of " + counts.get(holding) + " "
              + holding.word() + " files cannot be read; they were changed, or belong to another subject");
        }
      }
    }
    return problems;
  }

  private static int readable(Subject subject, Holding holding) {
    int readable = 0;
    try (Stream<Path> files = Files.walk(subject.folder(holding))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        readable += isReadable(file) ? 1 : 0;
      }
    } catch (IOException | UncheckedIOException e) {
      return readable;
    }
    return readable;
  }

  private static boolean isReadable(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      in.transferTo(OutputStream.nullOutputStream());
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
