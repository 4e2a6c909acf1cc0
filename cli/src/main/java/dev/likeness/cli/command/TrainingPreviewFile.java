package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.paths.ResultFile;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.provenance.Disclosure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes the preview that a training generates, and prints where it is. */
final class TrainingPreviewFile {
  /** The names of the file; an existing file is kept, and the next preview gets a number. */
  static final String NAMES = "preview(-[0-9]+)?\\.png";

  private final Path file;
  private final boolean overwrite;
  private final Disclosure marking;
  private final Console console;
  private Path written;

  /**
   * Creates the writer.
   *
   * @param folder the folder of the file
   * @param overwrite true to replace an existing file
   */
  TrainingPreviewFile(Path folder, boolean overwrite, Disclosure marking, Console console) {
    this.file = folder.resolve("preview.png");
    this.overwrite = overwrite;
    this.marking = marking;
    this.console = console;
  }

  /** Returns progress that also writes the preview. */
  Progress with(Progress shown) {
    return event -> {
      shown.onEvent(event);
      if (event instanceof ProgressEvent.Preview preview && !preview.images().isEmpty()) {
        write(preview);
      }
    };
  }

  private void write(ProgressEvent.Preview preview) {
    try {
      written = ResultFile.write(
          file, overwrite, whole -> marking.writePng(preview.images().get(0), whole));
      console
          .err()
          .println(written + " shows the person after " + preview.step()
              + (preview.step() == 1 ? " training step" : " training steps"));
    } catch (ResourceLimitException e) {
      console.err().println("there is no preview of the training: " + Quoted.line(e.getMessage()));
    }
    console.err().flush();
  }

  /** Deletes the preview of a person who is not kept. */
  void delete() {
    if (written == null) {
      return;
    }
    try {
      Files.deleteIfExists(written);
    } catch (IOException e) {
      console.err().println("cannot delete " + written + ": " + Quoted.reason(e) + "; delete it");
    }
  }
}
