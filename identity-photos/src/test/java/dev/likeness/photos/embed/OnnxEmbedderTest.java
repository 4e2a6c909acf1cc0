package dev.likeness.photos.embed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.photos.Material;
import dev.likeness.photos.PaintedFace;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.face.YuNetDetector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxEmbedderTest {
  @TempDir
  Path folder;

  @Test
  void refusesANonCommercialNetworkForCommercialUse() {
    InvalidInputException refusal = assertThrows(
        InvalidInputException.class,
        () -> OnnxEmbedder.open(
            folder.resolve("any.onnx"), EmbedderSpec.ARCFACE, UsePolicy.COMMERCIAL));

    assertEquals(
        "the embedder ArcFace has a licence that forbids commercial use (non-commercial research only)"
            + "; use an embedder whose licence allows commercial use, such as SFace or AuraFace",
        refusal.getMessage());
  }

  @Test
  void refusesAFileThatIsNotOnnx() throws IOException {
    Path file = Files.writeString(folder.resolve("letter.onnx"), "dear network");

    InvalidInputException refusal = assertThrows(
        InvalidInputException.class,
        () -> OnnxEmbedder.open(file, EmbedderSpec.SFACE, UsePolicy.COMMERCIAL));

    assertEquals(
        "the face embedder " + file + " is not an ONNX file; give an ONNX file",
        refusal.getMessage());
  }

  @Test
  void aFileThatCannotBeOpenedLeavesNoToolsOpen() {
    Path missing = folder.resolve("sface.onnx");
    assertThrows(
        InvalidInputException.class,
        () -> ReviewTools.builtIn().withEmbedder(missing, UsePolicy.COMMERCIAL));
    long before = Pointer.totalCount();

    assertThrows(
        InvalidInputException.class,
        () -> ReviewTools.builtIn().withEmbedder(missing, UsePolicy.COMMERCIAL));

    assertEquals(before, Pointer.totalCount());
  }

  @Test
  void choosesThePresetByTheFileName() {
    assertEquals(
        EmbedderSpec.SFACE, EmbedderSpec.of(Path.of("face_recognition_sface_2021dec.onnx")));
    assertEquals(EmbedderSpec.MOBILEFACE, EmbedderSpec.of(Path.of("mobileface_v2_112.onnx")));
    assertEquals(EmbedderSpec.ARCFACE, EmbedderSpec.of(Path.of("w600k_r50.onnx")));
    assertEquals(
        EmbedderSpec.ARCFACE,
        EmbedderSpec.of(Path.of("antelopev2", "glintr100.onnx")),
        "which may not be sold with");
    assertEquals(EmbedderSpec.AURAFACE, EmbedderSpec.of(Path.of("AuraFace-v1", "glintr100.onnx")));
    assertEquals(
        EmbedderSpec.AURAFACE,
        EmbedderSpec.of(
            Path.of("hub", "models--fal--AuraFace-v1", "snapshots", "0123abcd", "glintr100.onnx")));
    assertEquals(
        EmbedderSpec.ARCFACE,
        EmbedderSpec.of(
            Path.of("hub", "models--fal--AuraFace-v1", "blobs", "0123abcd", "glintr100.onnx")));
    assertEquals(EmbedderSpec.AURAFACE, EmbedderSpec.of(Path.of("aura_r100.onnx")));
    assertEquals(EmbedderSpec.ARCFACE, EmbedderSpec.of(Path.of("laura", "glintr100.onnx")));
    for (String research : List.of(
        "glint360k_cosface_r100.onnx",
        "w600k_mbf.onnx",
        "mobilefacenet.onnx",
        "mbf.onnx",
        "laura_w600k_r50.onnx",
        "aura_arcface.onnx")) {
      assertEquals(EmbedderSpec.ARCFACE, EmbedderSpec.of(Path.of(research)), research);
    }

    InvalidInputException refusal =
        assertThrows(InvalidInputException.class, () -> EmbedderSpec.of(Path.of("net.onnx")));

    assertEquals(
        "the name of the face embedder net.onnx does not tell its kind; put sface, mobileface, auraface"
            + " or arcface into the name",
        refusal.getMessage());
  }

  @Test
  void refusesTheDynamicDetectorByItsShape() {
    Path file = Material.at("faces/yunet_n_dynamic.onnx");

    InvalidInputException refusal =
        assertThrows(InvalidInputException.class, () -> YuNetDetector.open(file));

    assertEquals(
        "the face detector " + file
            + " has the input shape [-1, 3, -1, -1], but OpenCV needs a fixed square size; use"
            + " the 640x640 file of the OpenCV zoo",
        refusal.getMessage());
  }

  @Test
  void refusesAnEmbedderOfAnotherInputSize() {
    Path file = Material.at("faces/yunet_n_320_320.onnx");

    InvalidInputException refusal = assertThrows(
        InvalidInputException.class,
        () -> OnnxEmbedder.open(file, EmbedderSpec.SFACE, UsePolicy.COMMERCIAL));

    assertEquals(
        "the face embedder " + file
            + " needs 320x320 images, but the specification SFace has 112x112; give the"
            + " specification of this file",
        refusal.getMessage());
  }

  @Test
  void embedsTheSameFaceToTheSameUnitVector() {
    Face face = new Face(
        new BoundingBox(90, 80, 120, 120), 1, HeadPose.FRONTAL, Optional.empty(), Optional.empty());
    try (OnnxEmbedder embedder = OnnxEmbedder.open(
        Material.at("faces/mobileface_v2_112.onnx"),
        EmbedderSpec.MOBILEFACE,
        UsePolicy.COMMERCIAL)) {
      float[] first = embedder.embed(PaintedFace.image(300, 300, 150, 140, 120), face);

      assertArrayEquals(first, embedder.embed(PaintedFace.image(300, 300, 150, 140, 120), face));
      assertEquals(1, FaceEmbedder.cosine(first, first), 1e-6);
      assertEquals(256, first.length);
      // Another network that works like it would be called otherwise.
      assertTrue(embedder.name().matches("MobileFace [0-9a-f]{8}"), embedder.name());
    }
  }
}
