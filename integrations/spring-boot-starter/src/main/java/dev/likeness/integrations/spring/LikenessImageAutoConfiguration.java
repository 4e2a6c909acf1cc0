package dev.likeness.integrations.spring;

import dev.likeness.headshots.GenerationQueue;
import org.springframework.ai.image.ImageModel;
import org.springframework.ai.retry.NonTransientAiException;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * Creates an image model of Spring AI, if {@code spring-ai-model} and {@code spring-ai-retry} are
 * on the class path. If the property {@code spring.ai.model.image} is set to a value other than
 * {@code likeness}, no image model is created.
 */
@AutoConfiguration(after = LikenessAutoConfiguration.class)
@EnableConfigurationProperties(LikenessProperties.class)
@ConditionalOnClass({ImageModel.class, NonTransientAiException.class})
@ConditionalOnBean(GenerationQueue.class)
@ConditionalOnProperty(
    name = "spring.ai.model.image",
    havingValue = "likeness",
    matchIfMissing = true)
public class LikenessImageAutoConfiguration {
  /** Creates the configuration. */
  public LikenessImageAutoConfiguration() {}

  @Bean
  @ConditionalOnMissingBean
  LikenessAiImageModel likenessImageModel(GenerationQueue queue, LikenessProperties properties) {
    return LikenessAiImageModel.on(queue).maxImages(properties.maxImages());
  }
}
