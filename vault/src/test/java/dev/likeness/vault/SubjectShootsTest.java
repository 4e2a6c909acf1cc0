package dev.likeness.vault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.Selfies;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.photos.MixedPhotos;
import dev.likeness.photos.ReviewTools;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SubjectShootsTest {
  @Test
  void reportsPhotosExcludedFromTraining(@TempDir Path folder) throws Exception {
    List<String> told = new ArrayList<>();
    try (BaseModel base = GoldenFolder.load(
            GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path());
        SubjectStore store = SubjectStore.open(
            folder.resolve("store"), WrappingKey.createFile(folder.resolve("key.txt")))) {
      SubjectStudio studio = SubjectStudio.on(base, HeadshotStudio.on(base));
      Subject ada = store.create(Consent.of("Ada: yes"));
      studio.add(ada, Selfies.names().get(0), Selfies.read(Selfies.names().get(0)));
      studio.add(ada, "torn.jpg", new byte[] {1});
      Cancellation stop = new Cancellation();
      assertThrows(
          CancelledException.class,
          () -> studio.train(
              ada,
              new Run(
                  event -> {
                    if (event instanceof ProgressEvent.Notice notice) {
                      told.add(notice.message());
                    } else {
                      stop.cancel();
                    }
                  },
                  stop)));
    }
    assertEquals(
        List.of(
            "torn.jpg: is not an image file; give a JPEG, PNG, WebP, GIF, BMP or TIFF file;"
                + " it is not used for training",
            "1 of 2 photos can be used; identity was not compared"),
        told.subList(0, 2));
  }

  @Test
  void trainsOnThePersonOfThePhotoThatIsNamed(@TempDir Path folder) throws Exception {
    try (BaseModel base = GoldenFolder.load(
            GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path());
        SubjectStore store = SubjectStore.open(
            folder.resolve("store"), WrappingKey.createFile(folder.resolve("key.txt")));
        ReviewTools tools = MixedPhotos.tools()) {
      SubjectStudio studio = SubjectStudio.on(base, HeadshotStudio.on(base)).tools(tools);
      Subject ada = store.create(Consent.of("Ada: yes"));
      for (int photo = 0; photo < 4; photo++) {
        studio.add(ada, "photo-" + photo + ".png", MixedPhotos.file(photo / 2, photo));
      }
      assertEquals(
          "the photos seem to show 2 people (1: photo-0.png, photo-1.png; 2: photo-2.png, photo-3.png);"
              + " give a photo of the wanted person: --who FILE, or PhotoReview.withPersonIn in"
              + " Java",
          assertThrows(InvalidInputException.class, () -> studio.train(ada, Run.silent()))
              .getMessage());
      List<String> told = new ArrayList<>();
      Cancellation stop = new Cancellation();
      assertThrows(
          CancelledException.class,
          () -> studio
              .personIn("photo-2.png")
              .train(
                  ada,
                  new Run(
                      event -> {
                        if (event instanceof ProgressEvent.Notice notice) {
                          told.add(notice.message());
                        } else {
                          stop.cancel();
                        }
                      },
                      stop)));
      assertEquals(
          "photo-0.png: it shows a different person than photo-2.png does; it is not used for training",
          told.get(0));
    }
  }

  @Test
  void storesTheImagesOfShootsThatEndTogether(@TempDir Path folder) throws Exception {
    try (BaseModel base = GoldenFolder.load(
            GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path());
        SubjectStore store = SubjectStore.open(
            folder.resolve("store"), WrappingKey.createFile(folder.resolve("key.txt")))) {
      SubjectStudio studio = SubjectStudio.on(base, quick(base));
      Subject ada = trained(store, studio);
      ShootRequest two = ShootRequest.of(Style.named("studio"), 2).steps(1);
      CompletableFuture<?> meanwhile =
          CompletableFuture.runAsync(() -> studio.shoot(ada, two.seed(8), Run.silent()));
      studio.shoot(ada, two, Run.silent());
      meanwhile.join();
      Path images = ada.folder(DataCategory.IMAGES);
      assertEquals(
          List.of(
              "headshot-001.png",
              "headshot-002.png",
              "headshot-003.png",
              "headshot-004.png",
              "record-003.json",
              "record.json"),
          names(images));
      Files.delete(images.resolve("headshot-001.png"));
      Shoot third = studio.shoot(ada, two.seed(16), Run.silent());
      assertTrue(
          Files.exists(images.resolve("headshot-006.png"))
              && !Files.exists(images.resolve("headshot-001.png")),
          "numbers that were taken out are not given again");
      Headshot read = Headshot.read(images.resolve(Headshot.fileName(5)), "nobody");
      assertEquals(
          third.headshots().get(1).request().prompt(),
          read.request().prompt(),
          "a later shoot's record tells it");
      String later = Files.readString(images.resolve("record-003.json"));
      assertTrue(
          later.contains("headshot-003.png")
              && later.contains("headshot-004.png")
              && !later.contains("headshot-001.png"),
          later);
    }
  }

  @Test
  void storesFinishedImagesOfAStoppedOrFailedShoot(@TempDir Path folder) throws Exception {
    try (BaseModel base = GoldenFolder.load(
            GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path());
        SubjectStore store = SubjectStore.open(
            folder.resolve("store"), WrappingKey.createFile(folder.resolve("key.txt")))) {
      Subject ada = trained(store, SubjectStudio.on(base, quick(base)));
      ShootRequest four = ShootRequest.of(Style.named("studio"), 4).steps(1);
      Cancellation stop = new Cancellation();
      List<Headshot> shown = new ArrayList<>();
      SubjectStudio stopped = SubjectStudio.on(
          base, quick(base).onHeadshot(shown::add).onHeadshot(drawn -> stop.cancel()));
      assertThrows(CancelledException.class, () -> stopped.shoot(ada, four, Run.of(stop)));
      assertEquals(1, shown.size());
      SubjectStudio full = SubjectStudio.on(base, quick(base).onHeadshot(drawn -> {
        if (drawn.seed() == 2) {
          throw new OutOfMemoryError("at the third");
        }
      }));
      assertThrows(OutOfMemoryError.class, () -> full.shoot(ada, four, Run.silent()));
      Path images = ada.folder(DataCategory.IMAGES);
      assertEquals(
          List.of(
              "headshot-001.png",
              "headshot-002.png",
              "headshot-003.png",
              "record-002.json",
              "record.json"),
          names(images));
      String later = Files.readString(images.resolve("record-002.json"));
      assertTrue(
          later.contains("headshot-002.png")
              && later.contains("headshot-003.png")
              && !later.contains("headshot-001.png"),
          later);
    }
  }

  @Test
  void numbersImagesOfASubjectWithoutWaitingForOthers(@TempDir Path folder) throws Exception {
    try (BaseModel base = GoldenFolder.load(
            GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path());
        SubjectStore store = SubjectStore.open(
            folder.resolve("store"), WrappingKey.createFile(folder.resolve("key.txt")))) {
      SubjectStudio studio = SubjectStudio.on(base, quick(base));
      Subject ada = trained(store, studio);
      // No lock of all subjects may be needed to keep the images of one.
      synchronized (SubjectStudio.class) {
        Thread drawing = new Thread(() ->
            studio.shoot(ada, ShootRequest.of(Style.named("studio"), 1).steps(1), Run.silent()));
        drawing.start();
        while (drawing.isAlive()) {
          assertFalse(waitsForAll(drawing), "the images of one wait for those of others");
          LockSupport.parkNanos(1_000_000);
        }
      }
      FileNames.ImageNumbers numbers = ada.imageNumbers();
      Path images = ada.folder(DataCategory.IMAGES);
      assertEquals(List.of("headshot-001.png", "record.json"), names(images));
      assertEquals(
          List.of(1, 41), List.of(numbers.reserve(images, 40), numbers.reserve(images, 2)));
      numbers.release(41, 2);
      numbers.release(1, 40);
      assertEquals(
          1, numbers.reserve(images, 1), "numbers of shoots that drew nothing are given again");
    }
  }

  private static boolean waitsForAll(Thread thread) {
    ThreadInfo info = ManagementFactory.getThreadMXBean().getThreadInfo(thread.getId());
    return info != null
        && info.getLockInfo() != null
        && info.getLockInfo().getIdentityHashCode() == System.identityHashCode(SubjectStudio.class);
  }

  private static HeadshotStudio quick(BaseModel base) {
    return HeadshotStudio.on(base)
        .training(TrainingSettings.quick().steps(2).rank(2).batchSize(1));
  }

  private static Subject trained(SubjectStore store, SubjectStudio studio) {
    Subject ada = store.create(Consent.of("Ada: yes"));
    for (String selfie : Selfies.names()) {
      studio.add(ada, selfie, Selfies.read(selfie));
    }
    studio.train(ada, Run.silent());
    return ada;
  }

  private static List<String> names(Path images) throws IOException {
    try (Stream<Path> files = Files.list(images)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
