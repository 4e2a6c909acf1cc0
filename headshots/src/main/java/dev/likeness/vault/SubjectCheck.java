package dev.likeness.vault;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Whether everything of a subject can be read. */
final class SubjectCheck {
  private SubjectCheck() {}

  static List<String> problems(Subject subject) {
    Stream<String> damage = subject.damage().stream()
        .map(told -> subject + ": " + told + "; as it is, their time in the store has begun anew");
    return Stream.concat(
            damage,
            Stream.of(DataCategory.values()).flatMap(holding -> problem(subject, holding).stream()))
        .toList();
  }

  private static Optional<String> problem(Subject subject, DataCategory holding) {
    if (subject.counts().get(holding) == 0) {
      return Optional.empty();
    }
    try {
      // Opening a folder discards what a killed process was about to put in place, which must not
      // be counted.
      Path folder = subject.look(holding);
      int count = subject.counts().get(holding);
      int readable = readable(folder);
      return readable >= count
          ? Optional.empty()
          : Optional.of(subject + ": " + (count - readable) + " of " + count + " " + holding.word()
              + " files cannot be read; they were changed, or belong to another subject or key");
    } catch (InvalidInputException e) {
      return Optional.of(e.getMessage());
    } catch (ResourceLimitException e) {
      return Optional.of(
          subject + ": its " + holding.word() + " cannot be opened: " + e.getMessage());
    }
  }

  private static int readable(Path folder) {
    int readable = 0;
    try (Stream<Path> files = Files.walk(folder)) {
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
