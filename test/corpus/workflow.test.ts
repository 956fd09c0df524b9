import { corpus } from './support/corpus';

corpus('workflow');
