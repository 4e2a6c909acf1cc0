package dev.likeness.cli.command;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.photos.face.FaceDetector;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Whether drawn faces are held to the person's. */
final class FaceGuidanceOption {
  @Option(
      names = "--no-face-guidance",
      description = "leaves faces as the base draws them, four to five times "
          + "as fast; otherwise a base that brings preview and a face_embedder, in ip_adapter or guidance, holds them to "
          + "the person's, its ip_adapter acting a little, too")
  private boolean off;

  /**
   * What holds faces on the base in {@code folder}, to be closed by the caller; null where it is
   * not wanted or not to be had.
   */
  FaceGuidance open(Path folder, BaseModel base, FaceDetector detector) {
    return off ? null : FaceGuidance.in(folder, base, detector).orElse(null);
  }
}
