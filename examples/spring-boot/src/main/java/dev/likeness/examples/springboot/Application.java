package dev.likeness.examples.springboot;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.FaceEmbedder;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** Makes headshots of people from their selfies. It keeps all data in memory. */
@SpringBootApplication
public class Application {
  private static final int STEPS_BETWEEN_PREVIEWS = 40;

  /** Starts the application with properties such as {@code --likeness.model=base}. */
  public static void main(String... args) {
    SpringApplication.run(Application.class, args);
  }

  /** The face embedder in the base's folder, or null. */
  @Bean(destroyMethod = "close")
  FaceEmbedder embedder(BaseModel base) {
    return base.folder().flatMap(ReviewTools::embedderIn).orElse(null);
  }

  /** A studio whose training shows previews and keeps the best weights, if there is an embedder. */
  @Bean
  HeadshotStudio studio(BaseModel base, ObjectProvider<FaceEmbedder> embedder) {
    HeadshotStudio studio = HeadshotStudio.on(base);
    FaceEmbedder found = embedder.getIfAvailable();
    return found == null ? studio : studio.validation(STEPS_BETWEEN_PREVIEWS, found);
  }
}
