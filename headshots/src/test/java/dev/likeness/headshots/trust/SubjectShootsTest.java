package dev.likeness.headshots.trust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.Cancelled;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.progress.Cancellation;
import dev.likeness.diffusion.progress.Progress;
import dev.likeness.diffusion.progress.ProgressEvent;
import dev.likeness.headshots.Consent;
import dev.likeness.headshots.Headshot;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.Shoot;
import dev.likeness.headshots.ShootRequest;
import dev.likeness.headshots.Style;
import dev.likeness.headshots.trust.key.KeyWrapping;
import dev.likeness.lora.LoraTraining;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SubjectShootsTest {
  @Test
  void saysWhichPhotosItDoesNotLearnFrom(@TempDir Path folder) throws Exception {
    List<String> told = new ArrayList<>();
    try (BaseModel base = GoldenFolder.loaded(GoldenFolder.write("base", GoldenFolder.Spelling.TODAY, folder).path());
        SubjectStore store = SubjectStore.open(folder.resolve("store"), KeyWrapping.newFile(folder.resolve("key.txt")))) {
      SubjectStudio studio = SubjectStudio.on(base, HeadshotStudio.on(base));
      Subject ada = store.create(Consent.of("Ada: yes"));
      studio.add(ada, Selfies.names().get(0), Selfies.read(Selfies.names().get(0)));
      studio.add(ada, "torn.jpg", new byte[] {1});
      Cancellation stop = new Cancellation();
      assertThrows(Cancelled.class, () -> studio.learn(ada, event -> {
        if (event instanceof ProgressEvent.Notice notice) {
          told.add(notice.message());
        } else {
          stop.cancel();
        }
      }, stop));
    }
    assertEquals(List.of("torn.jpg: is not a picture: it starts like no JPEG, PNG, WebP, GIF, BMP or TIFF file; it is not learnt from",
        "1 of 2 photos can be used"), told.subList(0, 2));
  }

  @Test
  void keepsThePicturesOfEveryShootThoughTheyEndAtOnce(@TempDir Path folder) throws Exception {
    try (BaseModel base = GoldenFolder.loaded(GoldenFolder.write("base", GoldenFolder.Spelling.TODAY, folder).path());
        SubjectStore store = SubjectStore.open(folder.resolve("store"), KeyWrapping.newFile(folder.resolve("key.txt")))) {
      SubjectStudio studio =
          SubjectStudio.on(base, HeadshotStudio.on(base).training(LoraTraining.quick().steps(2).rank(2).batch(1)));
      Subject ada = store.create(Consent.of("Ada: yes"));
      for (String selfie : Selfies.names().subList(0, 3)) {
        studio.add(ada, selfie, Selfies.read(selfie));
      }
      studio.learn(ada, Progress.SILENT, new Cancellation());
      ShootRequest two = ShootRequest.of(Style.named("studio"), 2).steps(1);
      CompletableFuture<?> meanwhile =
          CompletableFuture.runAsync(() -> studio.shoot(ada, two.seed(8), Progress.SILENT, new Cancellation()));
      studio.shoot(ada, two, Progress.SILENT, new Cancellation());
      meanwhile.join();
      Path pictures = ada.folder(Holding.PICTURES);
      try (Stream<Path> files = Files.list(pictures)) {
        assertEquals(List.of("headshot-001.png", "headshot-002.png", "headshot-003.png", "headshot-004.png", "record-003.json",
            "record.json"), files.map(file -> file.getFileName().toString()).sorted().toList());
      }
      Files.delete(pictures.resolve("headshot-001.png"));
      Shoot third = studio.shoot(ada, two.seed(16), Progress.SILENT, new Cancellation());
      assertTrue(Files.exists(pictures.resolve("headshot-006.png")) && !Files.exists(pictures.resolve("headshot-001.png")),
          "numbers that were taken out are not given again");
      Headshot read = Headshot.read(pictures.resolve(Headshot.fileName(5)), "nobody");
      assertEquals(third.headshots().get(1).request().prompt(), read.request().prompt(), "a later shoot's record tells it");
      String later = Files.readString(pictures.resolve("record-003.json"));
      assertTrue(later.contains("headshot-003.png") && later.contains("headshot-004.png") && !later.contains("headshot-001.png"), later);
    }
  }
}
