import { corpus } from './support/corpus';

corpus('io');
