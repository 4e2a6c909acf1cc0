package dev.likeness.ipadapter.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.io.OwnerOnly;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.GoldenAdapters;
import dev.likeness.ipadapter.ImageEncoder;
import dev.likeness.ipadapter.ImagePrompt;
import dev.likeness.ipadapter.IpAdapter;
import dev.likeness.ipadapter.internal.registry.AdapterHeader;
import dev.likeness.ipadapter.internal.registry.MethodRegistry;
import dev.likeness.ipadapter.vision.GoldenImageEncoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddingOriginTest {
  private static final GoldenAdapters ADAPTERS = GoldenAdapters.of("base");

  @TempDir
  private Path folder;

  private BaseModel base;

  @BeforeEach
  void opensTheBase() {
    base = BaseModel.open(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path(), Compute.EXACT);
  }

  @AfterEach
  void closesTheBase() {
    base.close();
  }

  @Test
  void savedImagesBelongToTheirImageEncoder() throws IOException {
    Path adapter = ADAPTERS.write("base", folder);
    Path kept = folder.resolve("kept.safetensors");
    Path seen = GoldenImageEncoder.write("clip-quick", folder);
    try (ImageEncoder encoder = ImageEncoder.open(seen, Compute.EXACT);
        ImageEncoder half = ImageEncoder.open(writeEncoder(seen, "half", 0), Compute.EXACT);
        ImageEncoder other = ImageEncoder.open(writeEncoder(seen, "other", 0.5), Compute.EXACT);
        IpAdapter own = IpAdapter.open(adapter, base, encoder);
        IpAdapter foreign = IpAdapter.open(adapter, base, other)) {
      assertEquals(encoder.fingerprint(), half.fingerprint(), "in f16");
      assertNotEquals(encoder.fingerprint(), other.fingerprint());
      own.prompt(RgbImage.read(GoldenImageEncoder.file("37x53.png")))
          .references()
          .save(kept);
      assertTrue(OwnerOnly.isOwnerOnly(kept));
      ReferenceEmbeddings opened = ReferenceEmbeddings.open(kept);
      assertEquals(opened, own.prompt(opened).references());
      assertEquals(
          "the references have image encoder fingerprint " + encoder.fingerprint() + ", but "
              + adapter + " needs " + other.fingerprint() + "; encode the photos again for this"
              + " adapter",
          assertThrows(InvalidInputException.class, () -> foreign.prompt(opened))
              .getMessage());
      foreign.prompt(withoutOrigin(opened));
    }
  }

  @Test
  void savedFacesAreRawOrOfUnitLength() {
    Path raw = ADAPTERS.write("portrait-unnorm", folder);
    try (IpAdapter unit = IpAdapter.open(ADAPTERS.write("faceid", folder), base);
        IpAdapter portrait = IpAdapter.open(raw, base)) {
      assertEquals(
          MethodRegistry.UNNORMALISED_FACE_ID_PORTRAIT,
          AdapterHeader.layout(raw).method());
      ReferenceEmbeddings given = unit.embed(List.of(face(1)));
      assertTrue(assertThrows(InvalidInputException.class, () -> portrait.prompt(given))
          .getMessage()
          .startsWith(
              "the references have face embedding normalisation unit, but " + raw + " needs raw"));
      ReferenceEmbeddings other = portrait.embed(List.of(face(9, 20)));
      assertThrows(InvalidInputException.class, () -> unit.prompt(other));
      portrait.prompt(withoutOrigin(given));
      assertThrows(InvalidInputException.class, () -> portrait.embed(List.of(face(1))));
      assertTrue(
          assertThrows(InvalidInputException.class, () -> unit.embed(List.of(face(1, 20))))
              .getMessage()
              .endsWith(
                  " needs face embeddings of length 1, got one of length 20.000; use FaceEmbedder.embed"));
    }
  }

  @Test
  void facesAreOfOneFaceEmbedder() {
    try (IpAdapter adapter = IpAdapter.open(ADAPTERS.write("faceid", folder), base)) {
      List<Reference> mixed =
          List.of(face(1).withFaceEmbedder("ArcFace"), face(2).withFaceEmbedder("SFace"));
      assertEquals(
          "the references have embeddings of several face embedders, [ArcFace, SFace]; use one face "
              + "embedder for all of them",
          assertThrows(IllegalArgumentException.class, () -> adapter.embed(mixed))
              .getMessage());
      ImagePrompt person = adapter.prompt(List.of(face(1).withFaceEmbedder("ArcFace")));
      assertEquals(
          "ArcFace", person.withAveragedReferences().references().origin().faceEmbedder());
      assertThrows(
          InvalidInputException.class,
          () -> person.negative(List.of(face(2).withFaceEmbedder("SFace"))));
      person.negative(List.of(face(2)));
    }
  }

  private static Reference face(int seed) {
    return face(seed, 1);
  }

  private static Reference face(int seed, float length) {
    float[] numbers = new float[24];
    numbers[seed % numbers.length] = length;
    return Reference.face(numbers);
  }

  /** As files from before say nothing. */
  private ReferenceEmbeddings withoutOrigin(ReferenceEmbeddings e) {
    Path file = folder.resolve("said.safetensors");
    Path old = folder.resolve("unsaid.safetensors");
    e.save(file);
    try (TensorScope scope = TensorScope.open();
        Safetensors said = Safetensors.open(file)) {
      Map<String, Tensor> tensors = new HashMap<>();
      said.names().forEach(name -> tensors.put(name, said.read(name)));
      SafetensorsWriter.write(old, tensors, Map.of("likeness.kind", "reference embeddings"));
    }
    assertEquals(EmbeddingOrigin.UNKNOWN, ReferenceEmbeddings.open(old).origin());
    return ReferenceEmbeddings.open(old);
  }

  /** The same encoder in f16, its norms and biases changed by so much. */
  private Path writeEncoder(Path encoder, String name, double by) {
    Path other = GoldenImageEncoder.write("clip-quick", folder.resolve(name));
    try (TensorScope scope = TensorScope.open();
        Safetensors own = Safetensors.open(encoder.resolve("model.safetensors"))) {
      Map<String, Tensor> tensors = new HashMap<>();
      own.names()
          .forEach(each ->
              tensors.put(each, own.read(each).add(torch.tensor((float) by)).to(ScalarType.Half)));
      SafetensorsWriter.write(other.resolve("model.safetensors"), tensors, Map.of());
    }
    return other;
  }
}
