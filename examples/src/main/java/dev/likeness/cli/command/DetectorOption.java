package dev.likeness.cli.command;

import dev.likeness.photos.ReviewTools;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** What finds faces. */
final class DetectorOption {
  @Option(
      names = "--detector",
      paramLabel = "FILE",
      description = "a YuNet ONNX file: finds more faces, and their pose")
  private Path detector;

  /** The built-in tools with that detector where one is given, to be closed by the caller. */
  ReviewTools open() {
    return detector == null ? ReviewTools.builtIn() : ReviewTools.builtIn().withDetector(detector);
  }
}
