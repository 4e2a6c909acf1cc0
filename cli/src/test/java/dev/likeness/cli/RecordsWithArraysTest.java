package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.headshots.person.FaceEmbeddings;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import dev.likeness.photos.Photo;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.Step;
import dev.likeness.vault.DataCategory;
import dev.likeness.vault.ErasureReceipt;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Supported values with arrays are equal by value, and nobody can change them from outside. */
class RecordsWithArraysTest {
  @TempDir
  private Path folder;

  @Test
  void planRequest() {
    double[] timesteps = {900, 100};
    PlanRequest request = PlanRequest.ofTimesteps(timesteps);
    timesteps[0] = 1;
    request.timesteps()[1] = 1;
    assertArrayEquals(new double[] {900, 100}, request.timesteps());
    PlanRequest sigmas = PlanRequest.ofSigmas(2, 1);
    sigmas.sigmas()[0] = 9;
    assertEquals(PlanRequest.ofSigmas(2, 1), sigmas);
  }

  @Test
  void stepUpdate() {
    Step.Update update = update(1);
    update.samples()[0] = 9;
    update.denoised()[0] = 9;
    update.noise()[0] = 9;
    assertEquals(update(1), update);
    assertEquals(update(1).hashCode(), update.hashCode());
    assertNotEquals(update(2), update);
  }

  private static Step.Update update(double factor) {
    double[] one = {factor};
    double[] none = {};
    return new Step.Update(one, none, one, none, none, none, one, true, false);
  }

  @Test
  void reference() {
    Reference reference = Reference.face(new float[] {1, 0});
    reference.face().orElseThrow()[0] = 9;
    assertEquals(Reference.face(new float[] {1, 0}), reference);
    assertEquals(Reference.face(new float[] {1, 0}).hashCode(), reference.hashCode());
    assertNotEquals(Reference.face(new float[] {0, 1}), reference);
  }

  @Test
  void grid() {
    float[] values = {1, 2};
    ReferenceEmbeddings.Grid grid = new ReferenceEmbeddings.Grid(values, 1, 1, 2);
    values[0] = 9;
    grid.values()[1] = 9;
    assertEquals(new ReferenceEmbeddings.Grid(new float[] {1, 2}, 1, 1, 2), grid);
  }

  @Test
  void faceEmbeddings() {
    FaceEmbeddings faces = new FaceEmbeddings("an embedder", List.of(new float[] {1, 0}));
    faces.vectors().get(0)[0] = 9;
    assertEquals(new FaceEmbeddings("an embedder", List.of(new float[] {1, 0})), faces);
  }

  @Test
  void erasureReceipt() {
    byte[] signature = {1, 2};
    byte[] certificate = {3};
    ErasureReceipt receipt = receipt(signature, certificate);
    signature[0] = 9;
    certificate[0] = 9;
    receipt.signature()[1] = 9;
    receipt.certificates().get(0)[0] = 9;
    assertThrows(UnsupportedOperationException.class, () -> receipt.files().clear());
    assertEquals(receipt(new byte[] {1, 2}, new byte[] {3}), receipt);
    assertEquals(receipt(new byte[] {1, 2}, new byte[] {3}).hashCode(), receipt.hashCode());
    assertNotEquals(receipt(new byte[] {1, 3}, new byte[] {3}), receipt);
  }

  private static ErasureReceipt receipt(byte[] signature, byte[] certificate) {
    return new ErasureReceipt(
        "0123456789abcdef0123456789abcdef",
        Instant.EPOCH,
        Instant.EPOCH,
        Map.of(DataCategory.IMAGES.label(), 3),
        signature,
        List.of(certificate));
  }

  /** A caller may use the same buffer for the next photo before the review. */
  @Test
  void photo() {
    byte[] file = Selfies.headshot(folder).toPng();
    Photo photo = Photo.of("ada.png", file);
    Arrays.fill(file, (byte) 0);
    assertEquals(1, PhotoReview.of(PhotoSet.of(List.of(photo))).accepted().size());
  }
}
